package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan/internal/reach"
)

// newReachCan makes reach can.
func newReachCan() *cobra.Command {
	f := &reachFlags{}
	cmd := &cobra.Command{
		Use:   "can FROM TO PORT [PATH...]",
		Short: "Answer whether a connection can be made, and which rules decide",
		Long: "FROM and TO are NAMESPACE/NAME or NAMESPACE/KIND/NAME of a pod, a workload or a Service, node/NAME, an\n" +
			"address, a range of addresses, or internet. PORT is 5432, a range as 8000-8010, a name that the destination\n" +
			"gives its port, any of them with a protocol as in UDP/53, or * for every port of TCP.\n\n" +
			"Exit codes: 0 allowed; 1 denied; 2 usage error; 3 unknown; 4 internal error.",
		Example: "  bartizan reach can shop/web payments/db 5432 deploy/\n  bartizan reach can internet shop/Service/web 80 deploy/\n" +
			"  bartizan reach can shop/web 169.254.169.254 80 --cluster",
		Args: cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := reachPeer(args[0], f.options.Namespace)
			if err != nil {
				return err
			}
			to, err := reachPeer(args[1], f.options.Namespace)
			if err != nil {
				return err
			}
			port, err := reach.ParsePort(args[2])
			if err != nil {
				return usage("%w", err)
			}
			r, err := f.read(cmd, args[3:])
			if err != nil {
				return err
			}
			a := r.model.Ask(from, to, port)
			if f.output == "json" {
				err = writeJSON(cmd.OutOrStdout(), r.canDocument(args, a))
			} else {
				err = r.writeCan(args, a)
			}
			if err != nil {
				return err
			}
			switch a.Verdict {
			case reach.Denied:
				return &exitError{code: exitFindings}
			case reach.Unknown:
				return &exitError{code: exitIncomplete}
			}
			return nil
		},
	}
	f.add(cmd, "text", "json")
	return cmd
}

// connectionVerdict is a verdict as the first word of a line.
func (p *painter) connectionVerdict(v reach.Verdict) string {
	switch v {
	case reach.Allowed:
		return p.paint(sgrGreen, "ALLOWED")
	case reach.Denied:
		return p.paint(sgrRed, "DENIED ")
	}
	return p.paint(sgrYellow, "UNKNOWN")
}

func (r *reached) writeCan(args []string, a reach.Answer) error {
	saying := map[reach.Verdict]string{
		reach.Allowed: "%s can reach %s on %s", reach.Denied: "%s cannot reach %s on %s", reach.Unknown: "whether %s can reach %s on %s",
	}[a.Verdict]
	port := args[2]
	if port == "*" {
		port = "any port"
	} else {
		port = "port " + port
	}
	r.line("%s  "+saying, r.connectionVerdict(a.Verdict), r.text(args[0]), r.text(args[1]), r.text(port))
	r.line("")
	r.wrap(0, 0, sentenceCase(a.Reason)+".")
	if a.Partly {
		text := "This holds for some of what was asked about, not for all"
		if a.From != "" || a.To != "" {
			text += ": from " + a.From + " to " + a.To
		}
		if len(a.OnlyPorts) > 0 {
			text += ", on " + reach.PortsText(a.OnlyPorts)
		}
		r.wrap(0, 0, text+".")
	}
	for _, n := range a.Notes {
		r.wrap(0, 0, n)
	}
	r.side("Egress of "+args[0], a.Egress)
	r.side("Ingress of "+args[1], a.Ingress)
	r.painter.gaps(r.gaps)
	return r.err
}

// side tells what the policies at one end say.
func (r *reached) side(title string, s reach.Side) {
	if s.Reason == "" {
		return
	}
	r.line("")
	r.line("%s: %s", r.bold(r.text(title)), s.Verdict)
	if len(s.Decisions) == 0 {
		r.wrap(2, 2, s.Reason)
	}
	for _, d := range s.Decisions {
		r.wrapWith(2, 4, decisionText(&d), origin(d.Origin, false))
	}
}

// decisionText tells what a rule does.
func decisionText(d *reach.Decision) string {
	s := d.Policy.String()
	switch {
	case d.Rule < 0:
		s += " closes the pod for " + d.Direction.String() + " except for what its rules allow"
	default:
		s += ": " + d.Direction.String() + " rule " + strconv.Itoa(d.Rule)
		if d.Name != "" {
			s += " " + strconv.Quote(d.Name)
		}
		s += map[reach.Action]string{reach.Allow: " allows it", reach.Deny: " denies it", reach.Pass: " passes it on to the next tier"}[d.Action]
	}
	if d.Tier != reach.NetworkTier {
		s += " (" + d.Tier.String() + " tier)"
	}
	if d.Maybe {
		s += ", perhaps"
		if d.Why != "" {
			s += fmt.Sprintf(": %s", d.Why)
		}
	}
	return s
}
