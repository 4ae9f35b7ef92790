package triage

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/spell"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// exceptionKeys are the fields of an exception as it is written: those of findings and alerts, then those of findings
// only, then those of alerts only.
var exceptionKeys = []string{"rule", "kind", "namespace", "name", "reason", "who", "until", "file", "identity", "address", "fields"}

// FromFile reads an exceptions file, which is the same for findings and for alerts: a list "exceptions" of maps with rule
// and reason and, to narrow it, the other fields of an Exception. A field that is not known is an error.
func FromFile(file, text string) ([]Exception, error) {
	var found []Exception
	for d, err := range tree.Parse(text, tree.DefaultLimits()) {
		if err != nil {
			return nil, fmt.Errorf("read exceptions file %s: %w", file, err)
		}
		list := d.Root().Get("exceptions")
		if d.Root().Exists() && list.Kind() != tree.List {
			return nil, fmt.Errorf("read exceptions file %s: it must hold a list named exceptions", file)
		}
		for item := range list.Items() {
			x, fault := fromItem(file, item)
			if fault.reason != "" {
				line, _ := fault.at.Pos()
				return nil, fmt.Errorf("read exceptions file %s:%d: %s", file, line, fault.reason)
			}
			found = append(found, x)
		}
	}
	return found, nil
}

// fault is what is wrong with an exception, and where.
type fault struct {
	at     tree.Node
	reason string
}

func fromItem(file string, item tree.Node) (Exception, fault) {
	x := Exception{Origin: bartizan.Origin{File: file}}
	x.Origin.Line, x.Origin.Column = item.Pos()
	if item.Kind() != tree.Map {
		return x, fault{item, "an exception is a map: rule, reason and so on"}
	}
	for n := range item.Items() {
		if f := x.read(n); f.reason != "" {
			return x, f
		}
	}
	reason, until, err := parseReason(x.Reason)
	switch {
	case x.Rule == "":
		return x, fault{item, "rule is missing: name the rule, or a glob over rules"}
	case err != nil:
		return x, fault{item.Get("reason"), err.Error()}
	case reason == "":
		return x, fault{item, fmt.Sprintf("exception for %s gives no reason: write why it is acceptable", x.Rule)}
	}
	if x.Until.IsZero() {
		x.Reason, x.Until = reason, until
	}
	return x, fault{}
}

// read reads one field of an exception.
func (x *Exception) read(n tree.Node) fault {
	texts := map[string]*string{
		"rule": &x.Rule, "kind": &x.Kind, "namespace": &x.Namespace, "name": &x.Name, "file": &x.File, "reason": &x.Reason,
		"identity": &x.Identity, "who": &x.Who,
	}
	to, isText := texts[n.Key()]
	switch {
	case isText:
		if !scalar(n) {
			return fault{n, n.Key() + " must be a text"}
		}
		*to = n.Text()
	case n.Key() == "until":
		until, err := time.Parse(time.DateOnly, n.Text())
		if err != nil {
			return fault{n, fmt.Sprintf("until is %q, which is not a date: write YYYY-MM-DD", n.Text())}
		}
		x.Until = until
	case n.Key() == "address":
		return x.readAddresses(n)
	case n.Key() == "fields":
		return x.readFields(n)
	default:
		return fault{n, fmt.Sprintf("unknown field %q%s: use %s", n.Key(), spell.DidYouMean(n.Key(), exceptionKeys), strings.Join(exceptionKeys, ", "))}
	}
	return fault{}
}

func scalar(n tree.Node) bool {
	k := n.Kind()
	return k != tree.Map && k != tree.List && k != tree.Null
}

// readAddresses reads one address or network, or a list of them.
func (x *Exception) readAddresses(n tree.Node) fault {
	items := []tree.Node{n}
	if n.Kind() == tree.List {
		items = slices.Collect(n.Items())
		if len(items) == 0 {
			return fault{n, "address is an empty list: name an address, or leave address out"}
		}
	}
	for _, item := range items {
		p, err := ParsePrefix(item.Text())
		if err != nil {
			return fault{item, err.Error()}
		}
		x.Addresses = append(x.Addresses, p)
	}
	return fault{}
}

// ParsePrefix reads an address or a network in CIDR notation.
func ParsePrefix(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return p, fmt.Errorf("address is %q: write an IP address, or a network such as 10.0.0.0/8", text)
	}
	return p.Masked(), nil
}

func (x *Exception) readFields(n tree.Node) fault {
	if n.Kind() != tree.Map || n.Len() == 0 {
		return fault{n, "fields must be a map from a field's name to a glob over its value"}
	}
	for c := range n.Items() {
		if !scalar(c) {
			return fault{c, fmt.Sprintf("the condition on %s must be a text: a glob over the field's value", c.Key())}
		}
		x.Fields = append(x.Fields, FieldCondition{c.Key(), c.Text()})
	}
	return fault{}
}
