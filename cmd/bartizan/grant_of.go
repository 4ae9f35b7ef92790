package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/grant"
)

// newGrantOf makes grant of.
func newGrantOf() *cobra.Command {
	f := &grantFlags{}
	cmd := &cobra.Command{
		Use:   "of SUBJECT [PATH...]",
		Short: "List everything a subject may do, and through which binding",
		Long: "SUBJECT is written as for grant can. With -n only what holds in that namespace is listed.\n\n" +
			"Exit codes: 0 the list is complete; 2 usage error; 3 something that decides was not read; 4 internal error.",
		Example: "  bartizan grant of system:serviceaccount:shop:api rbac/\n  bartizan grant of @system:unauthenticated --cluster",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.read(cmd, args[1:])
			if err != nil {
				return err
			}
			s, err := subject(args[0], f.groups)
			if err != nil {
				return err
			}
			held := a.model.Of(s)
			if a.namespace != "" {
				held = inNamespace(held, a.namespace)
			}
			doubts := a.model.Doubts(s, nil)
			note(cmd, a.stranger(s))
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), ofDocument(a, s, held, doubts))
			} else {
				err = a.writeOf(cmd.OutOrStdout(), s, held, doubts)
			}
			if err != nil {
				return err
			}
			if len(doubts) > 0 || a.hidden {
				return a.finish(grant.Unknown)
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringSliceVar(&f.groups, "group", nil, "group the subject is in, besides those that Kubernetes adds; may be repeated")
	return cmd
}

// writeOf tells a person what a subject may do.
func (a *asked) writeOf(w io.Writer, s grant.Subject, held []grant.Grant, doubts []string) error {
	p := a.painter
	p.w = w
	p.line("%s", p.bold(p.text(s.String())))
	if len(s.Groups) > 0 && s.User != "" {
		p.wrap(2, 4, "in the groups "+strings.Join(s.Groups, ", "))
	}
	if slices.Contains(s.Groups, grant.GroupMasters) {
		p.line("")
		p.wrap(0, 2, "May do everything: members of "+grant.GroupMasters+" are asked no questions.")
	}
	if len(held) == 0 {
		p.line("")
		p.line("No binding reaches it.")
	} else if s.User != "" || !slices.Contains(s.Groups, grant.GroupMasters) {
		p.wrap(2, 4, heldSummary(held))
	}
	born := func(g grant.Grant) bool { return g.BuiltinBinding }
	p.held(slices.DeleteFunc(slices.Clone(held), born), principal(s), "Everywhere", "In namespace ")
	p.held(slices.DeleteFunc(slices.Clone(held), func(g grant.Grant) bool { return !born(g) }), principal(s), "As in every cluster", "As in every cluster, in namespace ")
	if node, ok := s.Node(); ok {
		p.node(node, a.model.NodeReads(node))
	}
	if len(doubts) > 0 {
		p.line("")
		p.line("%s  There may be more", p.verdict(grant.Unknown))
		for _, d := range doubts {
			p.wrap(2, 4, d)
		}
	}
	p.faultCount(readable(a.model.Faults()))
	p.gaps(a.gaps)
	return p.err
}

// heldSummary sums up a list of rules.
func heldSummary(held []grant.Grant) string {
	bindings, born := map[bartizan.Ref]bool{}, map[bartizan.Ref]bool{}
	whole := ""
	for i := range held {
		g := &held[i]
		if bindings[g.Binding] = true; g.BuiltinBinding {
			born[g.Binding] = true
		}
		r := &g.Rule
		if g.Namespace == "" && slices.Contains(r.Verbs, "*") && slices.Contains(r.APIGroups, "*") && slices.Contains(r.Resources, "*") && len(r.ResourceNames) == 0 {
			whole = "; may do everything to every resource"
		}
	}
	s := "holds " + count(len(held), "rule") + " by " + count(len(bindings), "binding")
	switch n := len(born); {
	case n == len(bindings):
		s += ", none but those of every cluster"
	case n > 0:
		s += fmt.Sprintf(", %d of them as in every cluster", n)
	}
	return s + whole
}

// held lists rules by namespace and binding.
func (p *painter) held(list []grant.Grant, subject grant.Principal, everywhere, inside string) {
	for i := range list {
		g := &list[i]
		first := i == 0 || list[i-1].Namespace != g.Namespace
		if first {
			p.line("")
			if g.Namespace == "" {
				p.line("%s", p.bold(everywhere))
			} else {
				p.line("%s", p.bold(inside+p.text(g.Namespace)))
			}
		}
		if first || list[i-1].Binding != g.Binding || list[i-1].Role != g.Role || list[i-1].Via != g.Via {
			p.bindingLine(2, g, subject)
		}
		p.ruleLine(4, g)
	}
}

// node tells what the Node authorizer lets a node read.
func (p *painter) node(node string, reads []bartizan.Ref) {
	p.line("")
	p.line("%s", p.bold("By the Node authorizer"))
	p.wrap(2, 4, "what every kubelet needs: its own Node, Lease and CSINode, status of nodes and pods, events, mirror pods")
	byKind := map[bartizan.Kind][]string{}
	var kinds []bartizan.Kind
	for _, r := range reads {
		if byKind[r.Kind] == nil {
			kinds = append(kinds, r.Kind)
		}
		name := r.Name
		if r.Namespace != "" {
			name = r.Namespace + "/" + name
		}
		byKind[r.Kind] = append(byKind[r.Kind], name)
	}
	for _, k := range kinds {
		p.wrap(2, 4, fmt.Sprintf("%s of pods on %s: %s", k, node, strings.Join(byKind[k], ", ")))
	}
}
