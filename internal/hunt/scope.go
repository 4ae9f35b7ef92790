package hunt

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan/internal/tree"
)

// Scope says what an active hunt may do: nothing outside of it is sent.
type Scope struct {
	AuthorisedBy string
	Expires      time.Time
	Actions      []string // names of steps
	Container    string   // NAMESPACE/POD/CONTAINER for the steps that need one
	PodToken     bool     // take the steps at the API server also with the token of the pod that the hunt runs in
	places       []place
}

// place is an address or a network, on one port or on all.
type place struct {
	network netip.Prefix
	port    uint16 // 0: all
}

// maxScope bounds the time for which a scope may be given, so that none is forgotten.
const maxScope = 90 * 24 * time.Hour

// ParseScope reads a scope file (docs/hunt.md). Everything in it must be said; a scope that has expired is an error.
func ParseScope(file, text string, now time.Time) (*Scope, error) {
	for doc, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, dup := range doc.Duplicates {
			return nil, fmt.Errorf("%s:%d: %s is written twice", file, dup.Line, dup.Key)
		}
		s := &Scope{}
		if err := s.read(doc.Root()); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if err := s.check(now); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		return s, nil
	}
	return nil, fmt.Errorf("%s is empty: see docs/hunt.md for what a scope says", file)
}

func (s *Scope) read(root tree.Node) error {
	if root.Kind() != tree.Map {
		return fmt.Errorf("the scope is a %s, not a map", root.Kind())
	}
	for n := range root.Items() {
		line, _ := n.KeyPos()
		var err error
		switch n.Key() {
		case "authorisedBy":
			s.AuthorisedBy = strings.TrimSpace(n.Text())
		case "expires":
			s.Expires, err = time.Parse(time.RFC3339, n.Text())
		case "container":
			s.Container = n.Text()
			if parts := strings.Split(s.Container, "/"); len(parts) != 3 || slices.ContainsFunc(parts, func(p string) bool { return !validHost(p) || strings.Trim(p, ".") != p }) {
				err = fmt.Errorf("write NAMESPACE/POD/CONTAINER")
			}
		case "podToken":
			yes, ok := n.Bool()
			if s.PodToken = yes; !ok {
				err = fmt.Errorf("write true or false")
			}
		case "targets":
			err = s.readPlaces(n)
		case "actions":
			err = s.readActions(n)
		default:
			err = fmt.Errorf("unknown field: a scope has authorisedBy, expires, targets, actions, container and podToken")
		}
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", line, n.Key(), err)
		}
	}
	return nil
}

func (s *Scope) readPlaces(n tree.Node) error {
	for item := range n.Items() {
		p, err := parsePlace(item.Text())
		if err != nil {
			return err
		}
		s.places = append(s.places, p)
	}
	return nil
}

func (s *Scope) readActions(n tree.Node) error {
	for item := range n.Items() {
		if !slices.Contains(StepNames(), item.Text()) {
			return fmt.Errorf("there is no action %q: use %s", item.Text(), strings.Join(StepNames(), ", "))
		}
		s.Actions = append(s.Actions, item.Text())
	}
	return nil
}

// parsePlace reads IP, CIDR, IP:PORT and [IPv6]:PORT. Names are not allowed: they may lead elsewhere tomorrow.
func parsePlace(text string) (place, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		if p.Bits() < 16 && p.Addr().Is4() || p.Bits() < 64 && p.Addr().Is6() {
			return place{}, fmt.Errorf("%s is too wide for a scope: at most /16, or /64 for IPv6", text)
		}
		return place{network: p.Masked()}, nil
	}
	host, port, err := hostPort(text)
	if err != nil {
		return place{}, err
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return place{}, fmt.Errorf("%q is no address: write IP, CIDR or IP:PORT, since a name may lead elsewhere", text)
	}
	addr = addr.Unmap().WithZone("")
	return place{network: netip.PrefixFrom(addr, addr.BitLen()), port: port}, nil
}

func (s *Scope) check(now time.Time) error {
	switch {
	case s.AuthorisedBy == "":
		return fmt.Errorf("authorisedBy is missing: say who agreed to the hunt")
	case s.Expires.IsZero():
		return fmt.Errorf("expires is missing: write a time as 2026-12-01T00:00:00Z")
	case !now.Before(s.Expires):
		return fmt.Errorf("the scope expired on %s: have it given anew", s.Expires.Format(time.RFC3339))
	case s.Expires.Sub(now) > maxScope:
		return fmt.Errorf("the scope expires on %s: give one for at most 90 days", s.Expires.Format(time.RFC3339))
	case len(s.places) == 0:
		return fmt.Errorf("targets are missing: list the addresses that may be touched")
	case len(s.Actions) == 0:
		return fmt.Errorf("actions are missing: list some of %s", strings.Join(StepNames(), ", "))
	}
	return nil
}

// allows says why a step must not be taken at a target, or "" where it may.
func (s *Scope) allows(step string, t Target, now time.Time) string {
	if !now.Before(s.Expires) {
		return "the scope has expired"
	}
	if !slices.Contains(s.Actions, step) {
		return "the scope does not list the action " + step
	}
	addr := t.Addr.Unmap().WithZone("")
	for _, p := range s.places {
		if p.network.Contains(addr) && (p.port == 0 || p.port == t.Port) {
			return ""
		}
	}
	return "the scope does not list " + t.Addr.String() + " port " + strconv.Itoa(int(t.Port))
}
