package detect

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/event"
	"github.com/bartizan-dev/bartizan/internal/falco"
	"github.com/bartizan-dev/bartizan/rule"
)

// alert says what a rule has to say of the record of the last call.
func (r *Runner) alert(d *Rule, cond *falco.Rule, a *event.Audit, at bartizan.Origin) *Alert {
	said := r.falco.Alert(cond)
	text := &r.text
	x := &Alert{
		Rule: d.ID, Title: d.Title, Source: r.set.source, Severity: d.Severity, Priority: d.Priority, Tags: d.Tags,
		Time: said.Time, Output: said.Output, Fields: said.Fields,
		Identity: strings.Clone(text.Of(a.Get(event.UserName))),
		Subject:  subject(text.Of(a.Get(event.APIGroup)), text.Of(a.Get(event.Resource)), text.Of(a.Get(event.Namespace)), text.Of(a.Get(event.Name))),
		Evidence: []bartizan.Evidence{r.evidence(a, at)},
	}
	if d.Own != nil {
		x.Output = sentence(cond, said.Fields)
	}
	for ip := range a.Get(event.SourceIPs).Items() {
		if len(x.Addresses) < maxAddresses {
			x.Addresses = append(x.Addresses, strings.Clone(text.Of(ip)))
		}
	}
	return x
}

// maxAddresses bounds the addresses that an alert lists: a client can send as many as it likes.
const maxAddresses = 16

// evidence leads to a record.
func (r *Runner) evidence(a *event.Audit, at bartizan.Origin) bartizan.Evidence {
	return bartizan.Evidence{Value: strings.Clone(bounded(r.text.Of(a.Get(event.AuditID)))), Origin: at}
}

// The words in a message that stand for what a window found.
var placeholders = [...]struct{ word, mark string }{
	{"{count}", "\x00c"}, {"{values}", "\x00v"}, {"{within}", "\x00w"},
}

// marked puts marks for placeholders: no value of an event can hold a NUL, so that only a rule can write them.
func marked(message string) string {
	for _, p := range placeholders {
		message = strings.ReplaceAll(message, p.word, p.mark)
	}
	return message
}

// verdict is what a window found.
type verdict struct {
	facts  []fact
	count  int
	values []string
}

// maxEvidence bounds the records that an alert leads to: the first ones and the last.
const maxEvidence = 10

// complete puts what the window found into the alert.
func (v *verdict) complete(x *Alert, o *rule.Over) {
	if n := len(v.facts); n > 0 {
		x.Evidence = x.Evidence[:0]
		for i, f := range v.facts {
			if i < maxEvidence-1 || i == n-1 {
				x.Evidence = append(x.Evidence, f.evidence)
			}
		}
		x.Time = time.Unix(0, v.facts[n-1].at).UTC()
	}
	for _, p := range placeholders {
		if strings.Contains(x.Output, p.mark) {
			x.Output = strings.ReplaceAll(x.Output, p.mark, v.word(p.word, o))
		}
	}
}

// maxValues bounds the values that an alert names.
const maxValues = 5

func (v *verdict) word(placeholder string, o *rule.Over) string {
	switch placeholder {
	case "{count}":
		return strconv.Itoa(v.count)
	case "{within}":
		return span(o.Within)
	}
	values := slices.Compact(slices.Sorted(slices.Values(v.values)))
	if more := len(values) - maxValues; more > 0 {
		return strings.Join(values[:maxValues], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(values, ", ")
}

// span writes a duration as rules do.
func span(d time.Duration) string {
	day := 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	s := d.String()
	if t, ok := strings.CutSuffix(s, "m0s"); ok {
		s = t + "m"
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}
