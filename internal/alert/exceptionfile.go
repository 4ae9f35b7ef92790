package alert

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// exceptionKeys are the fields of an exception as it is written; those that findings have as well come first.
var exceptionKeys = []string{"rule", "kind", "namespace", "name", "file", "reason", "until", "identity", "address", "fields", "who"}

// ReadExceptions reads an exceptions file: the one that scan reads, in which exceptions may also name identity, address,
// fields and who. An exception with a file is about findings, and passed over.
func ReadExceptions(file, text string) ([]Exception, error) {
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
			x, fault := readException(file, item)
			if fault.reason != "" {
				line, _ := fault.at.Pos()
				return nil, fmt.Errorf("read exceptions file %s:%d: %s", file, line, fault.reason)
			}
			if x.File == "" {
				found = append(found, x)
			}
		}
	}
	return found, nil
}

// fault is what is wrong with an exception, and where.
type fault struct {
	at     tree.Node
	reason string
}

func readException(file string, item tree.Node) (Exception, fault) {
	x := Exception{}
	x.Origin = bartizan.Origin{File: file}
	x.Origin.Line, x.Origin.Column = item.Pos()
	if item.Kind() != tree.Map {
		return x, fault{item, "an exception is a map: rule, reason and so on"}
	}
	texts := map[string]*string{
		"rule": &x.Rule, "kind": &x.Kind, "namespace": &x.Namespace, "name": &x.Name, "file": &x.File, "reason": &x.Reason,
		"identity": &x.Identity, "who": &x.Who,
	}
	for n := range item.Items() {
		to, isText := texts[n.Key()]
		switch {
		case isText:
			if k := n.Kind(); k == tree.Map || k == tree.List || k == tree.Null {
				return x, fault{n, n.Key() + " must be a text"}
			}
			*to = n.Text()
		case n.Key() == "until":
			until, err := time.Parse(time.DateOnly, n.Text())
			if err != nil {
				return x, fault{n, fmt.Sprintf("until is %q, which is not a date: write YYYY-MM-DD", n.Text())}
			}
			x.Until = until
		case n.Key() == "address":
			if f := x.readAddresses(n); f.reason != "" {
				return x, f
			}
		case n.Key() == "fields":
			if f := x.readFields(n); f.reason != "" {
				return x, f
			}
		default:
			return x, fault{n, fmt.Sprintf("unknown field %q%s: use %s", n.Key(), meant(n.Key(), exceptionKeys), strings.Join(exceptionKeys, ", "))}
		}
	}
	switch {
	case x.Rule == "":
		return x, fault{item, "rule is missing: name the rule, or a glob over rules"}
	case strings.TrimSpace(x.Reason) == "":
		return x, fault{item, fmt.Sprintf("exception for %s gives no reason: write why it is acceptable", x.Rule)}
	}
	return x, fault{}
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
		if k := c.Kind(); k == tree.Map || k == tree.List || k == tree.Null {
			return fault{c, fmt.Sprintf("the condition on %s must be a text: a glob over the field's value", c.Key())}
		}
		x.Fields = append(x.Fields, FieldCondition{c.Key(), c.Text()})
	}
	return fault{}
}

// meant is a hint at the known word that a misspelt one resembles, or empty.
func meant(word string, known []string) string {
	if near := Nearest(word, known); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}

// Nearest is the known word that a misspelt one resembles, or empty.
func Nearest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k), least); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance counts the changes that make one word of another, up to a limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 64 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
