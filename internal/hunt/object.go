package hunt

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// apiVersion marks the objects of a hunt. It has no group, so that their kinds go by their bare names.
const apiVersion = "hunt"

// seen is a service as the rules see it: an object of the kind of the service, named by its address.
type seen struct {
	APIVersion string             `json:"apiVersion"`
	Kind       string             `json:"kind"`
	Metadata   map[string]string  `json:"metadata"`
	Host       string             `json:"host,omitempty"` // the name by which it was asked
	Port       uint16             `json:"port"`
	TLS        *certificate       `json:"tls,omitempty"` // nothing where it does not speak TLS
	Version    string             `json:"version,omitempty"`
	Faults     []fault            `json:"faults"`
	Answers    map[string]*Answer `json:"answers"`
}

// describe makes the object of what was seen.
func describe(service string, e *endpoint, c *certificate, answers map[string]*Answer, now time.Time) *seen {
	s := &seen{
		APIVersion: apiVersion, Kind: service, Metadata: map[string]string{"name": e.address}, Host: e.target.Name,
		Port: e.target.Port, TLS: c, Faults: []fault{}, Answers: answers,
	}
	if c != nil {
		c.Expired = !c.notAfter.IsZero() && now.After(c.notAfter)
	}
	for _, key := range keys(answers) {
		if v := answers[key].Version; v != "" {
			s.Version, s.Faults = v, faultsOf(service, v)
			break
		}
	}
	return s
}

// objectOrigin says "cluster": it was read from a running thing, and there is no file to mend.
var objectOrigin = bartizan.Origin{Source: "cluster"}

// item reads the object as any other is read.
func item(value any) (bartizan.Item, error) {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return bartizan.Item{}, fmt.Errorf("describe what was seen: %w", err)
	}
	for doc, err := range tree.Parse(string(text), tree.DefaultLimits()) {
		if err != nil {
			return bartizan.Item{}, fmt.Errorf("describe what was seen: %w", err)
		}
		objects, errs := kube.Decode(doc, objectOrigin)
		if len(errs) > 0 || len(objects) != 1 {
			return bartizan.Item{}, fmt.Errorf("describe what was seen: %v", errs)
		}
		// The pods in an answer are somebody else's and no workloads of the hunt's.
		objects[0].Workloads = nil
		entity := objects[0].Entity()
		return bartizan.Item{Entity: &entity}, nil
	}
	return bartizan.Item{}, fmt.Errorf("describe what was seen: there is nothing")
}
