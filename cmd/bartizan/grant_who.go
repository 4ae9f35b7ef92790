package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/grant"
)

// newGrantWho makes grant who.
func newGrantWho() *cobra.Command {
	f := &grantFlags{}
	cmd := &cobra.Command{
		Use:   "who VERB RESOURCE[/SUB]|RESOURCE/NAME|/URL [PATH...]",
		Short: "List everybody who may do something, and through which binding",
		Long: "Without -n it lists whoever may do it in any namespace, and says in which. Without --name it lists those\n" +
			"who may do it to some objects only, and says to which.\n\n" +
			"Exit codes: 0 the list is complete; 2 usage error; 3 something that decides was not read; 4 internal error.",
		Example: "  bartizan grant who get secrets rbac/\n  bartizan grant who create pods/exec -n shop --cluster\n" +
			"  bartizan grant who impersonate users --cluster -o json",
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.read(cmd, args[2:])
			if err != nil {
				return err
			}
			r, notes, err := a.request(f, args[0], args[1])
			if err != nil {
				return err
			}
			note(cmd, notes...)
			who := a.who(r)
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), whoDocument(a, who))
			} else {
				err = a.writeWho(cmd.OutOrStdout(), who)
			}
			if err != nil {
				return err
			}
			if len(who.unknown) > 0 || a.hidden {
				return a.finish(grant.Unknown)
			}
			return nil
		},
	}
	f.add(cmd)
	f.addTarget(cmd)
	return cmd
}

// everybody is the answer to grant who.
type everybody struct {
	request  grant.Request
	anywhere bool // the question names no namespace: partial rights count
	grants   []grant.Grant
	allowed  []grant.Identity // who may do all that was asked
	partly   []grant.Identity // who may do it in some namespace, or to some objects
	unknown  []grant.Identity
}

func (a *asked) who(r grant.Request) everybody {
	e := everybody{request: r, anywhere: r.Namespace == "" && r.Path == ""}
	e.grants = a.model.Grants(r, e.anywhere || r.Name == "")
	if !e.anywhere {
		e.grants = inNamespace(e.grants, r.Namespace)
	}
	all := a.model.Identities()
	allowed, unknown := a.model.Who(r)
	held := map[grant.ID]bool{}
	for _, id := range allowed {
		e.allowed = append(e.allowed, all[id])
		held[id] = true
	}
	for _, id := range unknown {
		e.unknown = append(e.unknown, all[id])
		held[id] = true
	}
	reached := map[grant.Principal]bool{}
	for i := range e.grants {
		reached[e.grants[i].Via] = true
	}
	for _, x := range all {
		switch {
		case held[x.ID]:
		case reached[grant.Principal{Name: x.Subject.User}] || anyGroup(reached, x.Subject.Groups):
			e.partly = append(e.partly, x)
		case e.anywhere && len(a.model.Doubts(x.Subject, &r)) > 0:
			e.unknown = append(e.unknown, x)
		}
	}
	return e
}

func anyGroup(reached map[grant.Principal]bool, groups []string) bool {
	for _, g := range groups {
		if reached[grant.Principal{Group: true, Name: g}] {
			return true
		}
	}
	return false
}

// inNamespace keeps what holds everywhere or in one namespace.
func inNamespace(all []grant.Grant, namespace string) (out []grant.Grant) {
	for _, g := range all {
		if g.Namespace == "" || g.Namespace == namespace {
			out = append(out, g)
		}
	}
	return out
}

// writeWho tells a person who may do something.
func (a *asked) writeWho(w io.Writer, e everybody) error {
	p := a.painter
	p.w = w
	what := question(e.request)
	if e.anywhere && e.request.Name == "" {
		what = e.request.Verb + " " + resourceName(e.request)
	}
	p.line("Who may %s", p.bold(p.text(what)))
	p.line("")
	p.line("%s", p.bold("group "+grant.GroupMasters))
	p.line("  always; no binding is needed")
	built := a.writeWhoBindings(&p, e.grants)
	a.writeWhoNodes(&p, e)
	if len(built) > 0 {
		p.line("")
		p.line("%s", p.bold("And, as in every cluster"))
		for _, s := range built {
			p.wrap(2, 6, s)
		}
	}
	p.line("")
	p.wrap(0, 2, sentenceCase(tally(e.allowed, "may do it")+partly(e)+"."))
	if len(e.unknown) > 0 {
		p.line("")
		p.line("%s  of %s", p.verdict(grant.Unknown), tally(e.unknown, ""))
		p.wrap(2, 2, e.unknown[0].Subject.String()+": "+a.doubt(e, e.unknown[0])+".")
	}
	p.faults(readable(a.model.Faults()))
	p.gaps(a.gaps)
	return p.err
}

// writeWhoBindings lists who holds it through bindings that were read, and returns the others.
func (a *asked) writeWhoBindings(p *painter, list []grant.Grant) (built []string) {
	last := grant.Principal{Group: true, Name: grant.GroupMasters}
	for i := 0; i < len(list); {
		j := i
		for j < len(list) && list[j].Via == list[i].Via && list[j].BuiltinBinding == list[i].BuiltinBinding {
			j++
		}
		via := list[i].Via
		switch {
		case list[i].BuiltinBinding && via.Name != grant.GroupMasters:
			s := via.String() + ", by " + list[i].Binding.String()
			if n := j - i - 1; n > 0 && list[j-1].Binding != list[i].Binding {
				s += " and others"
			}
			built = append(built, s)
		case !list[i].BuiltinBinding:
			if via != last {
				p.line("%s", p.bold(p.text(via.String())))
			}
			last = via
			p.grants(list[i:j], via)
		}
		i = j
	}
	return built
}

// writeWhoNodes lists the nodes that the Node authorizer lets do it.
func (a *asked) writeWhoNodes(p *painter, e everybody) {
	r := e.request
	ofPods := r.Subresource == "" && (r.Resource == "secrets" || r.Resource == "configmaps") && (r.Verb == "get" || r.Verb == "list" || r.Verb == "watch") ||
		r.Resource == "serviceaccounts" && r.Subresource == "token" && r.Verb == "create"
	if r.Group == "" && r.Name == "" && ofPods {
		p.line("%s", p.bold("every node"))
		p.line("  for what the pods on it use, by the Node authorizer")
		return
	}
	for _, x := range e.allowed {
		if x.Kind != grant.Node {
			continue
		}
		if answer := a.model.Can(x.Subject, r); answer.By == nil {
			p.line("%s", p.bold(p.text(x.Subject.User)))
			p.wrap(2, 4, answer.Reason)
		}
	}
}

// doubt says why it is not known whether somebody may do it.
func (a *asked) doubt(e everybody, x grant.Identity) string {
	if e.anywhere {
		return strings.Join(a.model.Doubts(x.Subject, &e.request), "; ")
	}
	return a.model.Can(x.Subject, e.request).Reason
}

func partly(e everybody) string {
	if len(e.partly) == 0 {
		return ""
	}
	where := "in some namespaces or to some objects"
	if !e.anywhere {
		where = "to some objects"
	}
	return "; " + tally(e.partly, "may do it "+where)
}

// tally tells how many identities of each kind there are.
func tally(list []grant.Identity, tail string) string {
	var n [4]int
	for _, x := range list {
		n[x.Kind]++
	}
	var parts []string
	for _, k := range []grant.IdentityKind{grant.User, grant.Group, grant.ServiceAccount, grant.Node} {
		words := [...]string{grant.User: "user", grant.Group: "group", grant.ServiceAccount: "service account", grant.Node: "node"}
		switch {
		case n[k] == 1:
			parts = append(parts, "1 "+words[k])
		case n[k] > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n[k], words[k]))
		}
	}
	if len(parts) == 0 {
		parts = []string{"nobody"}
	}
	s := parts[0]
	for i, p := range parts[1:] {
		if i == len(parts)-2 {
			s += " and " + p
		} else {
			s += ", " + p
		}
	}
	if tail == "" {
		return s
	}
	return s + " " + tail
}
