package sink

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/bartizan-dev/bartizan"
)

// schemaV1 names the form of every JSON document; docs/schema/findings-v1.schema.json describes it.
const schemaV1 = "bartizan.dev/v1"

type docSubject struct {
	Kind      bartizan.Kind `json:"kind"`
	Namespace string        `json:"namespace"`
	Name      string        `json:"name"`
}

type docEvidence struct {
	Path     string `json:"path"`
	Value    string `json:"value"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Rendered int    `json:"rendered,omitempty"`
}

type docFix struct {
	Description string          `json:"description"`
	Command     string          `json:"command,omitempty"`
	Target      docSubject      `json:"target"`
	Patch       json.RawMessage `json:"patch"`
	Undo        json.RawMessage `json:"undo,omitempty"`
	Unsafe      string          `json:"unsafe,omitempty"`
}

// docStanding is where a finding stands on an attack path.
type docStanding struct {
	From   string `json:"from"`
	To     string `json:"to"`
	Target string `json:"target"`
	Score  int    `json:"score"`
}

type docFinding struct {
	Type        string          `json:"type,omitempty"` // jsonl only
	Rule        string          `json:"rule"`
	Title       string          `json:"title"`
	Severity    string          `json:"severity"`
	Verdict     string          `json:"verdict"`
	Subject     docSubject      `json:"subject"`
	Message     string          `json:"message"`
	Evidence    []docEvidence   `json:"evidence"`
	Fix         *docFix         `json:"fix,omitempty"`
	AttackPath  *docStanding    `json:"attackPath,omitempty"`
	Maps        json.RawMessage `json:"maps"`
	Fingerprint string          `json:"fingerprint"`
}

type docGap struct {
	Type   string `json:"type,omitempty"` // jsonl only
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Source string `json:"source"`
	Reason string `json:"reason"`
}

func document(run *Run, f bartizan.Finding) docFinding {
	d := docFinding{
		Rule: f.Rule, Title: run.title(f.Rule), Severity: f.Severity.String(), Verdict: f.Verdict.String(),
		Subject: docSubject(f.Subject), Message: f.Message, Evidence: make([]docEvidence, 0, len(f.Evidence)),
		Maps: run.mapsJSON(f.Rule), Fingerprint: run.fingerprint(f),
	}
	if at := run.standing(&f); at != nil {
		d.AttackPath = &docStanding{at.From, at.To, at.Target, at.Score}
	}
	for _, e := range f.Evidence {
		o := e.Origin
		d.Evidence = append(d.Evidence, docEvidence{e.Path, e.Value, o.File, o.Line, o.Column, o.Rendered})
	}
	if f.Fix != nil {
		command, _ := run.fixCommand(f)
		d.Fix = &docFix{
			Description: f.Fix.Reason, Command: command, Target: docSubject(f.Fix.Target),
			Patch: patchJSON(f.Fix.Do), Undo: patchJSON(f.Fix.Undo), Unsafe: f.Fix.Unsafe,
		}
		if d.Fix.Patch == nil {
			d.Fix.Patch = json.RawMessage("[]")
		}
	}
	return d
}

// patchJSON lets only valid JSON through: a broken patch must not break the document around it.
func patchJSON(patch []byte) json.RawMessage {
	if len(patch) == 0 || !json.Valid(patch) {
		return nil
	}
	return patch
}

func gapDocument(g bartizan.Gap) docGap {
	o := g.Origin
	return docGap{File: o.File, Line: o.Line, Column: o.Column, Source: o.Source, Reason: g.Reason}
}

// marshal is json.Marshal with what a terminal could take as a command, or show in the wrong direction,
// escaped as well: -o json is often read on one.
func marshal(v any) ([]byte, error) {
	var e encoder
	return e.encode(v)
}

// encoder marshals many values in the same memory. The zero value is ready.
type encoder struct{ buffer bytes.Buffer }

// encode is marshal; what it gives is overwritten by the next call.
func (e *encoder) encode(v any) ([]byte, error) {
	e.buffer.Reset()
	if err := json.NewEncoder(&e.buffer).Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return escapeJSON(bytes.TrimSuffix(e.buffer.Bytes(), []byte{'\n'})), nil
}

func escapeJSON(b []byte) []byte {
	if plain(b) {
		return b
	}
	var out bytes.Buffer
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		switch {
		case r == '\n' || shown(r):
			out.Write(b[i : i+size])
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+(r>>10), 0xdc00+(r&0x3ff))
		}
		i += size
	}
	return out.Bytes()
}
