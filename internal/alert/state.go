package alert

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/triage"
)

// stateSchema names the form of a saved desk.
const stateSchema = "bartizan.dev/desk/v1"

// state is a desk as it is saved.
type state struct {
	Schema     string                `json:"schema"`
	Now        time.Time             `json:"now"`
	Behind     int                   `json:"behind"`
	Stats      Stats                 `json:"stats"`
	Used       map[string]triage.Use `json:"used"` // by exception
	Young      []string              `json:"young"`
	Old        []string              `json:"old"`
	Rules      map[string]*ruleFold  `json:"rules"`
	Incidents  []*incident           `json:"incidents"`
	Links      []savedLink           `json:"links"`
	Latest     time.Time             `json:"latest"`
	Opened     int                   `json:"opened"`
	JoinedEver int                   `json:"joined"`
	Forced     int                   `json:"forced"`
}

type savedLink struct {
	link
	In string
}

// Save writes down what the desk remembers, so that another goes on where it stopped: after Restore it gives the same as
// this one would. The same memory gives the same bytes.
func (d *Desk) Save() ([]byte, error) {
	s := state{
		Schema: stateSchema, Now: d.now.UTC(), Behind: d.behind, Stats: d.stats, Used: map[string]triage.Use{}, Young: slices.Sorted(maps.Keys(d.known.young)), Old: slices.Sorted(maps.Keys(d.known.old)),
		Rules: d.folds.rules, Latest: d.groups.latest.UTC(), Opened: d.groups.opened, JoinedEver: d.groups.joined, Forced: d.groups.forced,
	}
	for i := range d.options.Exceptions {
		if d.used[i] != (triage.Use{}) {
			s.Used[d.options.Exceptions[i].name()] = d.used[i]
		}
	}
	s.Incidents = d.groups.inOrder()
	for _, key := range slices.Sorted(maps.Keys(d.groups.links)) {
		for _, l := range d.groups.links[key] {
			s.Links = append(s.Links, savedLink{*l, l.in.ID})
		}
	}
	out, err := json.Marshal(&s)
	if err != nil {
		return nil, fmt.Errorf("save the state of alerts: %w", err)
	}
	return out, nil
}

// Restore takes up what Save wrote. The desk must be new; its options may differ from those of the one that was saved.
func (d *Desk) Restore(text []byte) error {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("restore the state of alerts: %w; remove the file to begin anew", err)
	}
	if s.Schema != stateSchema {
		return fmt.Errorf("restore the state of alerts: schema is %q, not %q; remove the file to begin anew", s.Schema, stateSchema)
	}
	if err := d.groups.restore(&s); err != nil {
		return fmt.Errorf("restore the state of alerts: %w; remove the file to begin anew", err)
	}
	if err := d.folds.restore(s.Rules); err != nil {
		return fmt.Errorf("restore the state of alerts: %w; remove the file to begin anew", err)
	}
	d.now, d.behind, d.stats = s.Now, s.Behind, s.Stats
	for i := range d.options.Exceptions {
		d.used[i] = s.Used[d.options.Exceptions[i].name()]
	}
	for _, id := range s.Young[:min(len(s.Young), generation)] {
		d.known.young[id] = struct{}{}
	}
	for _, id := range s.Old[:min(len(s.Old), generation)] {
		d.known.old[id] = struct{}{}
	}
	return nil
}

// name tells an exception from the others, wherever in its file it stands.
func (x *Exception) name() string {
	return digest(fmt.Appendf(nil, "%q %q %q %q %q %v %q %s", x.Rule, x.Kind, x.Namespace, x.Name, x.Identity, x.Addresses, x.Fields, x.Until.Format(time.DateOnly)))
}

func (f *folds) restore(rules map[string]*ruleFold) error {
	for name, r := range rules {
		if r == nil {
			return fmt.Errorf("nothing is said of rule %q", name)
		}
		r.rule, r.key = f.limits.of(name)
		if r.Identities == nil {
			r.Identities = map[string]int64{}
		}
		if r.Keys == nil {
			r.Keys = map[string]*keyFold{}
		}
		for key, k := range r.Keys {
			if k == nil || k.Folded < 0 || k.Folded > 0 && k.Latest == nil {
				return fmt.Errorf("the count of rule %q is broken", name)
			}
			if key != "" {
				f.keys++
			}
		}
		if !r.Since.IsZero() {
			f.dueBy(r.Since)
		}
		f.rules[name] = r
	}
	return nil
}

func (g *groups) restore(s *state) error {
	g.latest, g.opened, g.joined, g.forced = s.Latest, s.Opened, s.JoinedEver, s.Forced
	for _, in := range s.Incidents {
		if in == nil || in.ID == "" || g.open[in.ID] != nil {
			return fmt.Errorf("an incident is broken")
		}
		for key, step := range in.Steps {
			if step == nil {
				return fmt.Errorf("step %q of incident %s is empty", key, in.ID)
			}
		}
		in.fill()
		g.open[in.ID] = in
	}
	for i := range s.Links {
		l := s.Links[i].link
		if l.in = g.open[s.Links[i].In]; l.in == nil {
			return fmt.Errorf("there is no incident %q", s.Links[i].In)
		}
		g.links[l.Key] = append(g.links[l.Key], &l)
		l.in.Links = append(l.in.Links, &l)
	}
	return nil
}

// fill makes the maps that JSON left out.
func (in *incident) fill() {
	for _, set := range []*map[string]bool{&in.Rules, &in.Identities, &in.Addresses, &in.More, &in.Tactics, &in.Techniques} {
		if *set == nil {
			*set = map[string]bool{}
		}
	}
	if in.Steps == nil {
		in.Steps = map[string]*Step{}
	}
	if in.Subjects == nil {
		in.Subjects = map[string]bartizan.Ref{}
	}
	in.Joined = slices.Clip(in.Joined)
}
