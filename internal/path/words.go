package path

import (
	"fmt"
	"strings"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// words names a vertex in a sentence.
func words(r bartizan.Ref) string {
	in := func(what string) string {
		if r.Namespace == "" {
			return "every " + what + " of the cluster"
		}
		return "every " + what + " in " + r.Namespace
	}
	every := r.Name == rule.Every
	switch r.Kind {
	case rule.KindCluster:
		return "cluster-admin"
	case rule.KindInternet:
		return "the internet"
	case rule.KindCloud:
		return "cloud identity " + r.Name
	case rule.KindPodsOn:
		if every {
			return "every pod on every node"
		}
		return "every pod on " + words(bartizan.Ref{Kind: "Node", Name: r.Name})
	case rule.KindRight:
		return "the right to " + rightWords(r) + scopeWords(r)
	case rule.KindHeld:
		if r == (heldRole{rule.EveryRight, r.Namespace}).ref() {
			return rule.EveryRight.Name + " in " + r.Namespace
		}
		if r.Namespace == "" {
			return r.Name + " everywhere"
		}
		return r.Name + " in " + r.Namespace
	case rule.KindAdmits:
		return "a namespace that admits " + r.Name + " pods"
	case "Node":
		switch {
		case r == rule.Worker:
			return "a worker node"
		case r == rule.ControlPlane:
			return "a control-plane node"
		case every:
			return "every node"
		}
		return "node " + r.Name
	case "Secret":
		if every {
			return in("Secret")
		}
	case "ServiceAccount":
		if every {
			return in("service account")
		}
		return "service account " + r.Namespace + "/" + r.Name
	case "Pod":
		if every {
			return in("pod")
		}
	case "User", "Group":
		return strings.ToLower(string(r.Kind)) + " " + r.Name
	}
	if r.Namespace == "" {
		return kindWord(r.Kind) + " " + r.Name
	}
	return kindWord(r.Kind) + " " + r.Namespace + "/" + r.Name
}

// rightWords names a right as people do: the verb, the resource without its group, the object.
func rightWords(r bartizan.Ref) string {
	parts := strings.SplitN(r.Name, " ", 3)
	if len(parts) > 1 {
		parts[1], _, _ = strings.Cut(parts[1], ".")
	}
	return strings.Join(parts, " ")
}

// scopeWords says where a right is held.
func scopeWords(r bartizan.Ref) string {
	if r.Namespace == "" {
		return " everywhere"
	}
	return " in " + r.Namespace
}

// kindWord is a kind in a sentence; a custom kind goes without its group.
func kindWord(k bartizan.Kind) string {
	short, _, _ := strings.Cut(string(k), ".")
	return short
}

// count writes a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
