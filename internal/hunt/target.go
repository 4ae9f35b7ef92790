package hunt

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The most that one hunt looks at.
const (
	MaxAddresses = 4096  // hosts
	maxEndpoints = 65536 // hosts times ports
)

// Target is one address to look at, with one port and a known service, or with the usual ports.
type Target struct {
	Name    string     // as the user named it, for TLS and for messages; empty for an address
	Addr    netip.Addr // with its zone, if it is link-local
	Port    uint16     // 0: the usual ports
	Service string     // what listens there, "Kubelet"; empty: find out
	Path    string     // of a Webhook: where it takes reviews
	Many    bool       // one address of a whole network: that nothing answers there is no surprise
}

// Resolver looks names up; net.DefaultResolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// ParseTargets reads HOST, IP, CIDR, HOST:PORT, [IP]:PORT, each optionally behind SERVICE=, and looks names up.
func ParseTargets(ctx context.Context, look Resolver, texts []string) ([]Target, error) {
	var all []Target
	for _, text := range texts {
		found, err := parseTarget(ctx, look, text)
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", text, err)
		}
		all = append(all, found...)
		if len(all) > MaxAddresses {
			return nil, fmt.Errorf("target %s: with it there are more than %d addresses: name smaller networks, or hunt in several runs", text, MaxAddresses)
		}
	}
	return distinct(all), nil
}

// distinct drops what is named twice, keeping the first of each.
func distinct(all []Target) []Target {
	seen := map[string]bool{}
	return slices.DeleteFunc(all, func(t Target) bool {
		key := fmt.Sprintf("%s %d %s %s", t.Addr, t.Port, t.Service, t.Path)
		twice := seen[key]
		seen[key] = true
		return twice
	})
}

func parseTarget(ctx context.Context, look Resolver, text string) ([]Target, error) {
	service, rest, named := strings.Cut(text, "=")
	if !named {
		service, rest = "", text
	} else if service = serviceCalled(service); service == "" {
		return nil, fmt.Errorf("there is no such service: use one of %s", strings.Join(serviceNames(), ", "))
	}
	if strings.Contains(rest, "://") {
		return nil, fmt.Errorf("write HOST:PORT without a scheme: TLS is found out")
	}
	if strings.Contains(rest, "/") {
		return network(rest, service)
	}
	host, port, err := hostPort(rest)
	if err != nil {
		return nil, err
	}
	if service != "" && port == 0 {
		port = usualPort(service)
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return []Target{{Addr: addr.Unmap(), Port: port, Service: service}}, zoned(addr)
	}
	addrs, err := look.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up the name: %w", err)
	}
	var all []Target
	for _, a := range addrs {
		all = append(all, Target{Name: host, Addr: a.Unmap(), Port: port, Service: service})
	}
	slices.SortFunc(all, func(a, b Target) int { return a.Addr.Compare(b.Addr) })
	return all, nil
}

// zoned refuses a link-local address that says not on which interface.
func zoned(a netip.Addr) error {
	if a.Is6() && a.IsLinkLocalUnicast() && a.Zone() == "" {
		return fmt.Errorf("a link-local address needs its interface: write %s%%eth0", a)
	}
	return nil
}

// hostPort splits HOST, HOST:PORT, IPv6 and [IPv6]:PORT.
func hostPort(text string) (host string, port uint16, err error) {
	bare := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if a, err := netip.ParseAddr(bare); err == nil && plainZone(a.Zone()) {
		return bare, 0, nil
	}
	host, number, err := net.SplitHostPort(text)
	if err != nil {
		host, number = text, ""
	}
	if !validHost(host) {
		return "", 0, fmt.Errorf("%q is neither an address nor a name", host)
	}
	if number == "" {
		return host, 0, nil
	}
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || n == 0 {
		return "", 0, fmt.Errorf("%q is no port: give a number from 1 to 65535", number)
	}
	return host, uint16(n), nil
}

// validHost says whether a text could be a host name or an address with a zone.
func validHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return plainZone(a.Zone())
	}
	return host != "" && len(host) <= 253 && strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-._") == ""
}

// plainZone says whether a zone could be an interface's name: netip takes anything behind the %.
func plainZone(zone string) bool {
	return len(zone) < 16 && strings.Trim(strings.ToLower(zone), "abcdefghijklmnopqrstuvwxyz0123456789-._@") == ""
}

// network lists the addresses of a CIDR; of IPv4 without those of the network and of broadcast.
func network(text, service string) ([]Target, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("read the network: %w", err)
	}
	bits := p.Addr().BitLen() - p.Bits()
	if bits > 12 {
		return nil, fmt.Errorf("the network has more than %d addresses: name one of /%d or smaller", MaxAddresses, p.Addr().BitLen()-12)
	}
	p = p.Masked()
	port := uint16(0)
	if service != "" {
		port = usualPort(service)
	}
	var all []Target
	for a := p.Addr(); a.IsValid() && p.Contains(a); a = a.Next() {
		all = append(all, Target{Addr: a, Port: port, Service: service, Many: bits > 0})
	}
	if p.Addr().Is4() && bits >= 2 {
		all = all[1 : len(all)-1]
	}
	return all, nil
}
