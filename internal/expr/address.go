package expr

import "net/netip"

// Kubernetes' IP addresses and CIDRs (k8s.io/apiserver/pkg/cel/library, ip and cidr). Zones and IPv4 addresses
// in the form of IPv6 are no addresses there.

func parseIP(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil && a.Zone() == "" && !a.Is4In6()
}

func parseCIDR(s string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(s)
	return p, err == nil && !p.Addr().Is4In6()
}

func toIP(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("ip", v)
	}
	a, ok := parseIP(v.text())
	if !ok {
		return failed("read " + v.text() + " as an IP address: it is none, see isIP()")
	}
	return OfAny(a).at(v)
}

func isIP(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("isIP", v)
	}
	_, ok := parseIP(v.text())
	return OfBool(ok)
}

func isCanonical(f *Frame, v Value) Value {
	a := toIP(f, v)
	if a.kind != KindIP {
		return a
	}
	return OfBool(a.Text() == v.text())
}

func family(_ *Frame, v Value) Value {
	a, ok := as[netip.Addr](v)
	switch {
	case !ok:
		return noOverload("family", v)
	case a.Is4():
		return OfInt(4)
	}
	return OfInt(6)
}

func ipTest(name string) func(*Frame, Value) Value {
	test := map[string]func(netip.Addr) bool{
		"isUnspecified":        netip.Addr.IsUnspecified,
		"isLoopback":           netip.Addr.IsLoopback,
		"isLinkLocalMulticast": netip.Addr.IsLinkLocalMulticast,
		"isLinkLocalUnicast":   netip.Addr.IsLinkLocalUnicast,
		"isGlobalUnicast":      netip.Addr.IsGlobalUnicast,
	}[name]
	return func(_ *Frame, v Value) Value {
		if a, ok := as[netip.Addr](v); ok {
			return OfBool(test(a))
		}
		return noOverload(name, v)
	}
}

func toCIDR(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("cidr", v)
	}
	p, ok := parseCIDR(v.text())
	if !ok {
		return failed("read " + v.text() + " as a CIDR: it is none, see isCIDR()")
	}
	return OfAny(p).at(v)
}

func isCIDR(_ *Frame, v Value) Value {
	if v.kind != KindString {
		return noOverload("isCIDR", v)
	}
	_, ok := parseCIDR(v.text())
	return OfBool(ok)
}

func containsIP(f *Frame, v, ip Value) Value {
	p, ok := as[netip.Prefix](v)
	if !ok {
		return noOverload("containsIP", v, ip)
	}
	if ip.kind == KindString {
		ip = toIP(f, ip)
	}
	a, ok := as[netip.Addr](ip)
	if !ok {
		return noOverload("containsIP", v, ip)
	}
	return OfBool(p.Contains(a))
}

func containsCIDR(f *Frame, v, part Value) Value {
	p, ok := as[netip.Prefix](v)
	if !ok {
		return noOverload("containsCIDR", v, part)
	}
	if part.kind == KindString {
		part = toCIDR(f, part)
	}
	q, ok := as[netip.Prefix](part)
	if !ok {
		return noOverload("containsCIDR", v, part)
	}
	return OfBool(p.Overlaps(q) && p.Bits() <= q.Bits())
}

func cidrIP(_ *Frame, v Value) Value {
	if p, ok := as[netip.Prefix](v); ok {
		return OfAny(p.Addr())
	}
	return noOverload("ip", v)
}

func masked(_ *Frame, v Value) Value {
	if p, ok := as[netip.Prefix](v); ok {
		return OfAny(p.Masked())
	}
	return noOverload("masked", v)
}

func prefixLength(_ *Frame, v Value) Value {
	if p, ok := as[netip.Prefix](v); ok {
		return OfInt(int64(p.Bits()))
	}
	return noOverload("prefixLength", v)
}
