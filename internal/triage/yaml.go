package triage

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// YAML writes an exception as FromFile reads it, one field on each line.
func (x *Exception) YAML() string {
	var b strings.Builder
	lead := "- "
	put := func(key, value string) {
		b.WriteString(lead + key + ": " + value + "\n")
		lead = "  "
	}
	text := func(key, value string) {
		if value != "" {
			put(key, quote(value))
		}
	}
	b.WriteString("exceptions:\n")
	text("rule", x.Rule)
	text("identity", x.Identity)
	text("kind", x.Kind)
	text("namespace", x.Namespace)
	text("name", x.Name)
	text("file", x.File)
	if len(x.Addresses) > 0 {
		list := make([]string, len(x.Addresses))
		for i, p := range x.Addresses {
			list[i] = quote(prefixText(p))
		}
		put("address", "["+strings.Join(list, ", ")+"]")
	}
	if len(x.Fields) > 0 {
		put("fields", "")
		for _, f := range x.Fields {
			b.WriteString("    " + quote(f.Name) + ": " + quote(f.Glob) + "\n")
		}
	}
	text("reason", x.Reason)
	text("who", x.Who)
	if !x.Until.IsZero() {
		put("until", x.Until.Format(time.DateOnly))
	}
	return strings.ReplaceAll(b.String(), ": \n", ":\n")
}

func prefixText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

var (
	plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ./_@-]*[A-Za-z0-9]$|^[A-Za-z]$`)
	reserved  = regexp.MustCompile(`(?i)^(true|false|null|yes|no|on|off|y|n)$`)
)

// quote writes a text for YAML: plain if it cannot be taken for anything else, otherwise in double quotes, with what a
// terminal could take as a command escaped.
func quote(s string) string {
	if plainText.MatchString(s) && !reserved.MatchString(s) {
		return s
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case strconv.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
