package suggest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/reach"
)

// warn says what the flows may not show.
func (k *maker) warn(log *Log, after *reach.Model) {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch window := log.Last.Sub(log.First); {
	case log.First.IsZero():
		say("the flows have no times: whether they were recorded long enough is not known; record 7 days at least")
	case window < Enough:
		say("the flows were recorded for %s only: what is done once a week or less has not been seen; record 7 days at least", window)
	}
	if log.ICMP > 0 && len(k.result.Policies) > 0 {
		say("ICMP was %s and is left out: the policies have no rules for it, and network plugins differ on whether they then cut it", times(log.ICMP))
	}
	if log.WrongNames > 0 {
		say("%d names of addresses are left out, the first of them in line %d: they are no domain names; the addresses are allowed all the same", log.WrongNames, log.WrongLine)
	}
	for _, p := range k.result.Policies {
		if p.Unseen > 0.01 {
			say("%s: about %.0f %% of its connections are of flows not seen yet (%d of %d were seen once): record longer", p.Workloads[0], 100*p.Unseen, p.Once, p.Seen)
		}
	}
	for _, l := range k.result.Left {
		if (l.Workload.Kind == "CronJob" || l.Workload.Kind == "Job") && !l.Flows {
			say("%s was not seen to run: what it needs of workloads that get a policy will be cut", l.Workload)
		}
	}
	if len(k.dnsGroups()) == 0 && len(k.result.Policies) > 0 {
		say("the name server's pods were not read (k8s-app=kube-dns in kube-system): check the rule for names against your cluster")
	}
	out = append(out, k.webhooks()...)
	out = append(out, k.exposed(after)...)
	k.result.Warnings = append(k.result.Warnings, slices.Compact(out)...)
}

// fromOutside says whether a group was seen to be called from an address.
func (k *maker) fromOutside(group int) bool {
	return slices.ContainsFunc(k.order, func(l link) bool { return l.to.group == group && l.from.group < 0 })
}

// webhooks warns of those that the API server was not seen to call.
func (k *maker) webhooks() (out []string) {
	for _, kind := range []bartizan.Kind{"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"} {
		for e := range k.world.All(kind) {
			o, ok := e.Value.(*kube.Object)
			if !ok {
				continue
			}
			for x := range o.Root.Get("webhooks").Items() {
				s := x.At("clientConfig", "service")
				for _, g := range k.behind(s.Get("namespace").Str(), s.Get("name").Str()) {
					if k.policied[g] && !k.fromOutside(g) {
						out = append(out, fmt.Sprintf("%s is answered by %s, which the API server was not seen to call: add its address, or the webhook fails", o.Ref, k.groups[g].name()))
					}
				}
			}
		}
	}
	return out
}

// behind are the groups that a Service sends to.
func (k *maker) behind(namespace, name string) (out []int) {
	e, ok := k.world.Get(bartizan.Ref{Kind: "Service", Namespace: namespace, Name: name})
	o, is := e.Value.(*kube.Object)
	if !ok || !is || o.Root.At("spec", "selector").Len() == 0 {
		return nil
	}
next:
	for i, p := range k.m.Pods() {
		if p.Namespace != namespace || slices.Contains(out, k.of[i]) {
			continue
		}
		for x := range o.Root.At("spec", "selector").Items() {
			if v, has := p.Label(x.Key()); !has || v != x.Str() {
				continue next
			}
		}
		out = append(out, k.of[i])
	}
	return out
}

// exposed warns of ways in from outside that the policies close.
func (k *maker) exposed(after *reach.Model) (out []string) {
	closed := map[int][]string{}
	for _, x := range after.Exposures() {
		for g, y := range k.groups {
			if k.policied[g] && slices.Contains(y.workloads, x.To) && x.Verdict == reach.Denied && !k.fromOutside(g) {
				closed[g] = append(closed[g], x.Via+" "+x.Object.Name)
			}
		}
	}
	for g, y := range k.groups {
		if ways := closed[g]; len(ways) > 0 {
			slices.Sort(ways)
			out = append(out, fmt.Sprintf("%s is open to the outside (%s), and no flow from an address was seen: the policy closes it", y.name(), strings.Join(slices.Compact(ways), ", ")))
		}
	}
	return out
}
