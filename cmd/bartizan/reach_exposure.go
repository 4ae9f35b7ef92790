package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// newReachExposure makes reach exposure.
func newReachExposure() *cobra.Command {
	f := &reachFlags{}
	cmd := &cobra.Command{
		Use:   "exposure [PATH...]",
		Short: "Say what is open to the internet, and what each namespace reaches",
		Long: "Exposure lists the ways in from outside: Services of type LoadBalancer and NodePort, external addresses, host ports,\n" +
			"pods on the node's network, Ingress objects and routes of the Gateway API; and whether policies leave them open.\n" +
			"With -n only what leads into that namespace, and what begins or ends in it.\n\n" +
			"Exit codes: 0 the list is complete; 2 usage error; 3 something could not be read; 4 internal error.",
		Example: "  bartizan reach exposure deploy/\n  bartizan reach exposure --cluster -o json",
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.readSome(cmd, args)
			if err != nil {
				return err
			}
			ways, spaces := r.model.Exposures(), r.model.NamespaceReaches()
			if ns := f.options.Namespace; ns != "" {
				ways = slices.DeleteFunc(ways, func(e reach.Exposure) bool { return !in(ns, e.To) && !in(ns, e.Object) })
				spaces = slices.DeleteFunc(spaces, func(n reach.NamespaceReach) bool { return n.From != ns && n.To != ns })
			}
			if f.output == "json" {
				err = writeJSON(r.w, r.exposureDocument(ways, spaces))
			} else {
				err = r.exposureText(ways, spaces)
			}
			if err != nil {
				return err
			}
			return r.incomplete()
		},
	}
	f.add(cmd, "text", "json")
	return cmd
}

// in says whether an object is in a namespace; without one it is in default.
func in(namespace string, ref bartizan.Ref) bool {
	return cmp.Or(ref.Namespace, "default") == namespace
}

func (r *reached) exposureText(ways []reach.Exposure, spaces []reach.NamespaceReach) error {
	r.line("%s", r.bold("Ways in from outside"))
	if len(ways) == 0 {
		r.line("  none: no Service, Ingress, route or host port that was read opens one")
	}
	last := bartizan.Ref{}
	for i := range ways {
		e := &ways[i]
		if e.To != last {
			r.wrap(2, 4, e.To.String())
			last = e.To
		}
		r.line("    %s  %s", r.connectionVerdict(e.Verdict), r.text(wayText(e)))
		if e.Verdict != reach.Allowed || e.Reason != "no policy applies to either end" {
			r.wrapWith(13, 13, e.Reason, origin(e.Origin, false))
		}
	}
	r.line("")
	r.line("%s", r.bold("What namespaces reach"))
	from := ""
	for i := range spaces {
		n := &spaces[i]
		if n.From != from || i == 0 {
			r.wrap(2, 4, n.From)
			from = n.From
		}
		r.between(n)
	}
	if len(spaces) == 0 {
		r.line("  nothing")
	}
	r.doubts(slices.ContainsFunc(spaces, func(n reach.NamespaceReach) bool { return n.Verdict == reach.Unknown }))
	r.painter.gaps(r.gaps)
	return r.err
}

// wayText tells a way in: LoadBalancer web, port 443 → 8443.
func wayText(e *reach.Exposure) string {
	s := e.Via
	if e.Object != e.To {
		s += " " + e.Object.Name
	}
	if e.Port.Number != 0 {
		s += ", port " + e.Port.String()
	}
	s += " → " + e.ToPort.String()
	if len(e.Hosts) > 0 {
		s += ", " + strings.Join(e.Hosts, ", ")
	}
	if len(e.Sources) > 0 {
		list := make([]string, len(e.Sources))
		for i, p := range e.Sources {
			list[i] = p.String()
		}
		s += ", only from " + strings.Join(list, ", ")
	}
	if e.Note != "" {
		s += " (" + e.Note + ")"
	}
	return s
}

// between tells what a namespace reaches in another.
func (r *reached) between(n *reach.NamespaceReach) {
	to := n.To + "/*"
	switch {
	case n.To == "":
		to = "internet"
	case !n.Whole:
		var names []string
		for i, w := range n.Workloads {
			if i == 6 {
				names = append(names, count(len(n.Workloads)-i, "workload")+" more")
				break
			}
			names = append(names, n.To+"/"+w.Name)
		}
		to = strings.Join(names, ", ")
	}
	arrow := "→ "
	if n.Verdict == reach.Unknown {
		arrow = "? "
	}
	r.wrap(4, 8, arrow+to+" : "+reach.PortsText(n.Ports))
}
