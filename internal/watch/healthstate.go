package watch

import "time"

// What is known of the streams survives a restart, so that an API server that stopped recording while nobody watched is
// told of. At which levels requests were recorded is learned anew: it takes some records of a sort, and no expectation.

// keptStream is what is kept of a stream.
type keptStream struct {
	Name   string     `json:"name"`
	Input  string     `json:"input"`
	Newest int64      `json:"newest"`
	Silent bool       `json:"silent,omitempty"`
	Beats  []keptBeat `json:"beats,omitempty"`
}

// keptBeat is what is kept of a heartbeat.
type keptBeat struct {
	Lease    string `json:"lease"`
	Holder   string `json:"holder,omitempty"`
	Last     int64  `json:"last"`
	Interval int64  `json:"interval,omitempty"`
	Renewals int    `json:"renewals,omitempty"`
	Started  int64  `json:"started,omitempty"`
	Silent   bool   `json:"silent,omitempty"`
}

// save is what is to be kept of the streams.
func (h *health) save() (all []keptStream) {
	for _, s := range h.ordered {
		k := keptStream{Name: s.name, Input: s.input, Newest: s.newest, Silent: s.silent}
		for _, b := range s.beats {
			k.Beats = append(k.Beats, keptBeat{b.lease, b.holder, b.last, b.interval, b.renewals, b.started, b.silent})
		}
		all = append(all, k)
	}
	return all
}

// restore takes up what was kept of the streams of inputs that are still there. A time ahead of ours is not: it would make
// all that is recorded from now on a clock that goes back.
func (h *health) restore(all []keptStream, inputs []Input, now int64) {
	known := map[string]bool{}
	for _, in := range inputs {
		known[in.Key] = true
	}
	for _, k := range all {
		if !known[k.Input] || len(h.streams) >= maxStreams {
			continue
		}
		s := h.of(k.Name)
		s.input, s.newest, s.silent = k.Input, min(k.Newest, now), k.Silent
		s.since = s.newest
		if k.Silent { // and not heard of since
			s.heard = time.Unix(0, now).Add(-2 * h.silence)
		}
		for _, b := range k.Beats[:min(len(k.Beats), maxBeats)] {
			s.beats = append(s.beats, &beat{b.Lease, b.Holder, b.Last, b.Interval, b.Renewals, b.Started, b.Silent})
		}
	}
}
