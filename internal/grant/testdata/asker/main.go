// Command asker lets tests of another module ask package grant: it reads batches of a World and questions from
// standard input and writes the answers to standard output, both as gob.
package main

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/document"
	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// Batch is a World and what to ask of it.
type Batch struct {
	World                       string // YAML or JSON
	Complete, Pods, NoBootstrap bool
	Questions                   []Question
}

// Question is one question; Op says which.
type Question struct {
	Op     string // can, missing, bind, role, impersonate
	User   string
	Groups []string

	Verb, Group, Resource, Subresource, Namespace, Name, Path string

	Rules              []grant.Rule
	RoleKind, RoleName string
	Create, Aggregates bool
	TargetUser         string
	TargetGroups       []string
}

// Reply holds one verdict and one reason for each question: for missing, the number of rights.
type Reply struct {
	Verdicts []string
	Reasons  []string
}

func main() {
	in, out := gob.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20)), bufio.NewWriterSize(os.Stdout, 1<<20)
	encode := gob.NewEncoder(out)
	for {
		var b Batch
		err := in.Decode(&b)
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = encode.Encode(answer(b))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "asker:", err)
			os.Exit(1)
		}
	}
}

func answer(b Batch) (r Reply) {
	var entities []bartizan.Entity
	var gaps []bartizan.Gap
	for _, item := range document.Items(b.World, document.Stream{Source: "manifest", File: "world.yaml"}) {
		if item.Entity != nil {
			entities = append(entities, *item.Entity)
		} else if item.Gap != nil {
			gaps = append(gaps, *item.Gap)
		}
	}
	m := grant.New(world.New(entities), grant.Options{Complete: b.Complete, Pods: b.Pods, NoBootstrap: b.NoBootstrap, Gaps: gaps})
	for _, q := range b.Questions {
		a := ask(m, q)
		r.Verdicts = append(r.Verdicts, a.Verdict.String())
		r.Reasons = append(r.Reasons, a.Reason)
	}
	return r
}

func ask(m *grant.Model, q Question) grant.Answer {
	s := grant.Subject{User: q.User, Groups: q.Groups, Exact: true}
	request := grant.Request{Verb: q.Verb, Group: q.Group, Resource: q.Resource, Subresource: q.Subresource, Namespace: q.Namespace, Name: q.Name, Path: q.Path}
	ref := bartizan.Ref{Kind: bartizan.Kind(q.RoleKind), Name: q.RoleName}
	if q.RoleKind == "Role" {
		ref.Namespace = q.Namespace
	}
	switch q.Op {
	case "missing":
		return grant.Answer{Reason: fmt.Sprint(len(m.Missing(s, q.Namespace, q.Rules)))}
	case "bind":
		return m.CanBind(s, q.Namespace, ref)
	case "role":
		return m.CanWriteRole(s, ref, q.Rules, q.Create, q.Aggregates)
	case "impersonate":
		return m.CanImpersonate(s, grant.Subject{User: q.TargetUser, Groups: q.TargetGroups}, &request)
	}
	a := m.Can(s, request)
	if why := quick(m, s, request, a); why != "" {
		return grant.Answer{Reason: "the quick and the explained answer differ: " + why}
	}
	return a
}

// quick compares the answer with those that are not explained.
func quick(m *grant.Model, s grant.Subject, r grant.Request, a grant.Answer) string {
	id, ok := m.Find(grant.Principal{Name: s.User})
	if !ok {
		return ""
	}
	x := m.Identities()[id]
	groups, expanded := slices.Sorted(slices.Values(s.Groups)), slices.Sorted(slices.Values(x.Subject.Groups))
	if !slices.Equal(groups, expanded) {
		return ""
	}
	q := m.Compile(r)
	if v := m.Verdict(id, q); v != a.Verdict {
		return fmt.Sprintf("Verdict says %s, Can says %s (%s)", v, a.Verdict, a.Reason)
	}
	if m.Holds(id, q) != (a.Verdict == grant.Allowed) || m.Allowed(id, r) != (a.Verdict == grant.Allowed) {
		return fmt.Sprintf("Holds says %t, Can says %s (%s)", m.Holds(id, q), a.Verdict, a.Reason)
	}
	if r.Path == "" && a.Verdict != grant.Unknown && x.Kind != grant.Node {
		if held := holding(m, x.Class, r); held != (a.Verdict == grant.Allowed) {
			return fmt.Sprintf("Holders says %t, Can says %s (%s)", held, a.Verdict, a.Reason)
		}
	}
	return ""
}

func holding(m *grant.Model, class grant.Class, r grant.Request) bool {
	for _, h := range m.Holders(grant.Capability{Verb: r.Verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource}) {
		if h.Class == class && (h.Namespace == "" || h.Namespace == r.Namespace) && (h.Names == nil || slices.Contains(h.Names, r.Name)) {
			return true
		}
	}
	return false
}
