package detect

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/bartizan-dev/bartizan"
)

// maxState bounds what Restore reads, in bytes.
const maxState = 512 << 20

const stateVersion = 1

// state is what a Runner remembers, as it is written. Numbers that do not fit into a float stand in texts.
type state struct {
	Version int         `json:"version"`
	Newest  int64       `json:"newest,string"`
	Told    []string    `json:"told"`
	Rules   []ruleState `json:"rules"`
}

type ruleState struct {
	ID string `json:"id"`
	// Made tells versions of a rule apart: what an earlier one remembers is of no use to a changed one.
	Made string       `json:"made"`
	Lost Forgotten    `json:"lost"`
	Keys []trackState `json:"keys"` // the one untouched for longest first
}

type trackState struct {
	Key    string           `json:"key"`
	Last   int64            `json:"last,string"`
	Muted  int64            `json:"muted,string"`
	Since  int64            `json:"since,string"`
	Facts  []factState      `json:"facts,omitempty"`
	Values map[string]int64 `json:"values,omitempty"`
}

type factState struct {
	At     int64  `json:"at,string"`
	ID     string `json:"id"`
	Step   uint8  `json:"step,omitempty"`
	Valued bool   `json:"valued,omitempty"`
	Value  string `json:"value,omitempty"`
	Audit  string `json:"audit,omitempty"`
	Source string `json:"source,omitempty"`
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Alert  *Alert `json:"alert,omitempty"`
}

// Save writes down what the Runner remembers, for Restore of a Runner of a Set of the same rules. The same memory gives
// the same bytes.
func (r *Runner) Save() ([]byte, error) {
	s := state{Version: stateVersion, Newest: r.newest}
	for _, h := range r.told.inOrder() {
		s.Told = append(s.Told, strconv.FormatUint(h, 16))
	}
	for _, w := range r.ordered {
		rs := ruleState{ID: w.rule.ID, Made: w.rule.fingerprint(), Lost: w.lost}
		w.keys.each(func(t *track) { rs.Keys = append(rs.Keys, t.save()) })
		s.Rules = append(s.Rules, rs)
	}
	data, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("save what detections remember: %w", err)
	}
	return data, nil
}

func (t *track) save() trackState {
	s := trackState{Key: t.key, Last: t.last, Muted: t.muted, Since: t.since}
	for v, at := range t.values {
		if s.Values == nil {
			s.Values = map[string]int64{}
		}
		s.Values[v] = *at
	}
	for _, f := range t.facts {
		o := f.evidence.Origin
		s.Facts = append(s.Facts, factState{f.at, strconv.FormatUint(f.id, 16), f.step, f.valued, f.value, f.evidence.Value, o.Source, o.File, o.Line, f.alert})
	}
	return s
}

// fingerprint tells whether what was remembered is of the same rule.
func (d *Rule) fingerprint() string {
	over := *d.over()
	absent := over.Absent
	over.Absent = nil // where it lies in memory is another place after each start
	h := hash(hashStart, fmt.Sprintf("%+v", over))
	if absent != nil {
		h = hash(h, fmt.Sprintf("%+v", *absent))
	}
	for _, c := range d.Conditions {
		h = hash(h, c.Condition)
	}
	return strconv.FormatUint(h, 16)
}

// Restore takes up what a Runner of the same rules has saved, in place of what this one remembers. Rules that have
// changed since begin anew, and their ids are returned. After an error the Runner remembers nothing.
func (r *Runner) Restore(data []byte) (anew []string, err error) {
	fresh := r.set.NewRunner()
	defer func() {
		r.watches, r.ordered, r.told, r.newest, r.due = fresh.watches, fresh.ordered, fresh.told, fresh.newest, fresh.due
	}()
	if len(data) > maxState {
		return nil, fmt.Errorf("restore what detections remember: %d bytes are more than %d; begin without it", len(data), maxState)
	}
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("restore what detections remember: %w; begin without it", err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("restore what detections remember: version %d is not %d; begin without it", s.Version, stateVersion)
	}
	if anew, err = fresh.take(&s); err != nil {
		fresh = r.set.NewRunner()
		return nil, fmt.Errorf("restore what detections remember: %w; begin without it", err)
	}
	return anew, nil
}

var errOutOfRange = errors.New("a time or a number is out of range")

func ranged(times ...int64) error {
	for _, t := range times {
		if t < never || t > none {
			return errOutOfRange
		}
	}
	return nil
}

// take fills a fresh Runner.
func (r *Runner) take(s *state) (anew []string, err error) {
	if err := ranged(s.Newest); err != nil || len(s.Told) > maxRecent {
		return nil, errors.Join(err, errOutOfRange)
	}
	r.newest = s.Newest
	for _, text := range s.Told {
		h, err := strconv.ParseUint(text, 16, 64)
		if err != nil {
			return nil, err
		}
		r.told.add(h)
	}
	saved := map[string]*ruleState{}
	for i := range s.Rules {
		saved[s.Rules[i].ID] = &s.Rules[i]
	}
	for _, w := range r.ordered {
		rs := saved[w.rule.ID]
		if rs == nil || rs.Made != w.rule.fingerprint() {
			anew = append(anew, w.rule.ID)
			continue
		}
		if err := w.take(rs); err != nil {
			return nil, fmt.Errorf("rule %s: %w", w.rule.ID, err)
		}
		r.due = min(r.due, w.due)
	}
	return anew, nil
}

func (w *watch) take(s *ruleState) error {
	if s.Lost.Keys < 0 || s.Lost.Values < 0 || s.Lost.Late < 0 || len(s.Keys) > w.over.Memory {
		return errOutOfRange
	}
	w.lost = Forgotten{w.rule.ID, s.Lost.Keys, s.Lost.Values, s.Lost.Late}
	for _, k := range s.Keys {
		if err := ranged(k.Last, k.Muted, k.Since); err != nil || w.keys.byKey[k.Key] != nil || len(k.Facts) > max(w.bound, 1) || len(k.Values) > max(w.over.AtMost, 0) {
			return errors.Join(err, errOutOfRange)
		}
		t := w.keys.get([]byte(k.Key))
		t.last, t.muted, t.since = k.Last, k.Muted, k.Since
		for v, at := range k.Values {
			if err := ranged(at); err != nil || len(v) > maxText {
				return errors.Join(err, errOutOfRange)
			}
			if t.values == nil {
				t.values = map[string]*int64{}
			}
			t.values[v] = &at
		}
		for _, f := range k.Facts {
			if err := w.takeFact(t, f); err != nil {
				return err
			}
		}
	}
	slices.SortStableFunc(w.waiting, func(a, b pending) int {
		switch {
		case a.due < b.due:
			return -1
		case a.due > b.due:
			return 1
		}
		return 0
	})
	if len(w.waiting) > 0 {
		w.due = w.waiting[0].due
	}
	return nil
}

func (w *watch) takeFact(t *track, f factState) error {
	id, err := strconv.ParseUint(f.ID, 16, 64)
	if n := len(t.facts); err != nil || f.At < never/2 || f.At > none/2 || n > 0 && t.facts[n-1].at > f.At || int(f.Step) >= len(w.rule.Conditions) || len(f.Value) > maxText {
		return errors.Join(err, errOutOfRange)
	}
	if f.Alert != nil && (w.over.Absent == nil || f.Step != 0) {
		return errOutOfRange
	}
	t.facts = append(t.facts, fact{f.At, id, f.Step, f.Valued, f.Value,
		bartizan.Evidence{Value: f.Audit, Origin: bartizan.Origin{Source: f.Source, File: f.File, Line: f.Line}}, f.Alert})
	if f.Alert != nil {
		f.Alert.plain()
		w.waiting = append(w.waiting, pending{f.At + w.within, t.key, id})
	}
	return nil
}

// plain gives fields that were written as JSON the types that they had.
func (a *Alert) plain() {
	for i, f := range a.Fields {
		if list, ok := f.Value.([]any); ok {
			texts := make([]string, len(list))
			for j, x := range list {
				texts[j], _ = x.(string)
			}
			a.Fields[i].Value = texts
		}
		if n, ok := f.Value.(float64); ok {
			a.Fields[i].Value = uint64(max(n, 0))
		}
	}
}
