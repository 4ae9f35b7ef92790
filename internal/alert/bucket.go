package alert

import "time"

// Limit is a token bucket: Burst alerts at once, and one more for each Every that passes. A Burst of 0 is no limit.
type Limit struct {
	Burst int           `json:"burst"`
	Every time.Duration `json:"every"`
}

// has says whether there is a token. debt is the bucket's state: when it will be full again.
func (l Limit) has(debt int64, now time.Time) bool {
	return l.Burst <= 0 || debt-now.UnixNano() <= int64(l.Burst-1)*int64(l.Every)
}

// spend is the state of the bucket after a token was taken.
func (l Limit) spend(debt int64, now time.Time) int64 {
	if l.Burst <= 0 {
		return debt
	}
	return max(debt, now.UnixNano()) + int64(l.Every)
}

// settle is the state of the bucket after the clock was set back: no emptier than a bucket can be.
func (l Limit) settle(debt int64, now time.Time) int64 {
	return min(debt, now.UnixNano()+int64(l.Burst)*int64(l.Every))
}

// take takes a token if there is one.
func (l Limit) take(debt *int64, now time.Time) bool {
	if !l.has(*debt, now) {
		return false
	}
	*debt = l.spend(*debt, now)
	return true
}

// Limits say how many alerts are shown. An alert is shown if its key, which is its rule, identity and subject together,
// has a token, and its rule has one. When a rule has none left, the first alert of an identity that the rule was silent
// about may still take one of Newcomer, so that a flood hides nobody.
type Limits struct {
	Rule, Key, Newcomer Limit
	// Summary is how long alerts may be held back before they are told of in a summary.
	Summary time.Duration
	// Rules overrides Rule and Key for rules whose ids match a glob; the first that does counts.
	Rules []RuleLimit
}

// RuleLimit is a limit for some rules.
type RuleLimit struct {
	Glob      string
	Rule, Key Limit
}

// DefaultLimits let a person read along.
func DefaultLimits() Limits {
	return Limits{
		Rule:     Limit{30, time.Minute},
		Key:      Limit{3, 5 * time.Minute},
		Newcomer: Limit{10, time.Minute},
		Summary:  5 * time.Minute,
	}
}

// of are the limits of a rule.
func (l *Limits) of(rule string) (forRule, forKey Limit) {
	for i := range l.Rules {
		if r := &l.Rules[i]; Glob(r.Glob, rule) {
			return r.Rule, r.Key
		}
	}
	return l.Rule, l.Key
}
