package path

import (
	"github.com/bartizan-dev/bartizan/internal/reach"
	"github.com/bartizan-dev/bartizan/rule"
)

// View gives rules what edges are given of pods and of the network, without a graph. The model of reach is asked for
// when the network is asked first.
func View(in Input, model func() *reach.Model) (rule.Pods, rule.Network) {
	p := newPods(in, nil)
	return p, &network{in: in, pods: p, model: model}
}
