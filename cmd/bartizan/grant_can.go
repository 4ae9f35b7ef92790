package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/grant"
	"github.com/bartizan-dev/bartizan/internal/sink"
)

// newGrantCan makes grant can.
func newGrantCan() *cobra.Command {
	f := &grantFlags{}
	cmd := &cobra.Command{
		Use:   "can SUBJECT VERB RESOURCE[/SUB]|RESOURCE/NAME|/URL [PATH...]",
		Short: "Answer whether a subject may do something, and why",
		Long: "SUBJECT is a user name as the API server sees it: alice, system:serviceaccount:NAMESPACE:NAME,\n" +
			"system:node:NAME, system:anonymous; or @GROUP for any member of a group. The groups that Kubernetes adds\n" +
			"by itself need not be given. Without -n the question is about every namespace at once.\n\n" +
			"Exit codes: 0 allowed; 1 denied; 2 usage error; 3 unknown; 4 internal error.",
		Example: "  bartizan grant can alice create deploy -n shop rbac/\n" +
			"  bartizan grant can system:serviceaccount:ci:runner create pods/exec --cluster\n" +
			"  bartizan grant can @system:authenticated get /metrics rbac/",
		Args: cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := f.read(cmd, args[3:])
			if err != nil {
				return err
			}
			r, notes, err := a.request(f, args[1], args[2])
			if err != nil {
				return err
			}
			s, err := subject(args[0], f.groups)
			if err != nil {
				return err
			}
			answer := a.model.Can(s, r)
			note(cmd, append(notes, a.stranger(s))...)
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), canDocument(a, s, r, answer))
			} else {
				err = a.writeCan(cmd.OutOrStdout(), s, r, answer)
			}
			if err != nil {
				return err
			}
			return a.finish(answer.Verdict)
		},
	}
	f.add(cmd)
	f.addTarget(cmd)
	cmd.Flags().StringSliceVar(&f.groups, "group", nil, "group the subject is in, besides those that Kubernetes adds; may be repeated")
	return cmd
}

// subject reads a subject as it is written: @GROUP or a user name.
func subject(text string, groups []string) (grant.Subject, error) {
	g, group := strings.CutPrefix(text, "@")
	switch {
	case g == "":
		return grant.Subject{}, usage("SUBJECT is empty: give a user name, or @GROUP")
	case group:
		return grant.Subject{Groups: append([]string{g}, groups...)}.Expand(), nil
	}
	return grant.Subject{User: text, Groups: groups}.Expand(), nil
}

// note writes remarks to standard error.
func note(cmd *cobra.Command, notes ...string) {
	for _, n := range notes {
		if n != "" {
			fmt.Fprintln(cmd.ErrOrStderr(), "bartizan: "+sink.Printable(n))
		}
	}
}

// stranger says what to think of when a subject is in nothing that was read: it may be misspelt.
func (a *asked) stranger(s grant.Subject) (note string) {
	id, known := a.model.Find(principal(s))
	if ns, name, ok := s.ServiceAccount(); ok && a.complete && (!known || !a.model.Identities()[id].Read) {
		return fmt.Sprintf("the cluster has no ServiceAccount %s/%s: the answer is what it would be if somebody created it", ns, name)
	}
	if known || s.User == "" {
		return ""
	}
	if _, _, ok := s.ServiceAccount(); !ok && strings.Contains(s.User, "serviceaccount:") {
		return fmt.Sprintf("%s is asked about as a user: a service account is system:serviceaccount:NAMESPACE:NAME", s.User)
	}
	for _, x := range a.model.Identities() {
		if x.Kind == grant.ServiceAccount && (x.Ref.Name == s.User || x.Ref.Namespace+"/"+x.Ref.Name == s.User) {
			return fmt.Sprintf("%s is asked about as a user, and nothing names one; did you mean %s?", s.User, x.Subject.User)
		}
	}
	for _, x := range a.model.Identities() {
		if x.Kind == grant.Group && x.Ref.Name == s.User {
			return fmt.Sprintf("%s is asked about as a user, and nothing names one; did you mean the group, @%s?", s.User, s.User)
		}
	}
	return ""
}

// principal is what a binding names a subject as.
func principal(s grant.Subject) grant.Principal {
	if s.User == "" {
		return grant.Principal{Group: true, Name: s.Groups[0]}
	}
	return grant.Principal{Name: s.User}
}

// writeCan tells an answer to a person.
func (a *asked) writeCan(w io.Writer, s grant.Subject, r grant.Request, answer grant.Answer) error {
	p := a.painter
	p.w = w
	saying := map[grant.Verdict]string{
		grant.Allowed: "%s may %s", grant.Denied: "%s may not %s", grant.Unknown: "whether %s may %s",
	}[answer.Verdict]
	p.line("%s  "+saying, p.verdict(answer.Verdict), p.text(s.String()), p.text(question(r)))
	p.line("")
	p.wrap(0, 0, sentenceCase(answer.Reason)+".")
	if len(answer.By) > 0 {
		p.line("")
		p.grants(answer.By, principal(s))
	}
	p.faultCount(readable(a.model.Faults()))
	p.gaps(a.gaps)
	return p.err
}

// question tells a request in words: create pods/exec "web" in namespace shop.
func question(r grant.Request) string {
	if r.Path != "" {
		return r.Verb + " the URL " + r.Path
	}
	s := r.Verb + " " + resourceName(r)
	if r.Name != "" {
		s += fmt.Sprintf(" named %q", r.Name)
	}
	switch {
	case r.Resource == "namespaces" && r.Group == "" && r.Name != "":
	case r.Namespace != "":
		s += " in namespace " + r.Namespace
	case r.Name == "":
		s += " everywhere"
	}
	return s
}

// resourceName is the resource with its sub-resource and group: deployments.apps/scale.
func resourceName(r grant.Request) string {
	s := r.Resource
	if r.Group != "" {
		s += "." + r.Group
	}
	if r.Subresource != "" {
		s += "/" + r.Subresource
	}
	return s
}

func sentenceCase(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
