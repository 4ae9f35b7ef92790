package grant

import (
	_ "embed" // the bootstrap policy

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
	"github.com/bartizan-dev/bartizan/internal/world"
)

// BootstrapVersion is the Kubernetes release whose bootstrap policy is built in.
const BootstrapVersion = "1.36"

//go:embed bootstrap.yaml
var bootstrapText string

// Bootstrap is the RBAC policy that every cluster is born with, as a World: cluster-admin, admin, edit, view, the
// system: roles and their bindings. The API server restores what is missing of it each time it starts.
func Bootstrap() *world.World {
	var entities []bartizan.Entity
	origin := bartizan.Origin{Source: "builtin", File: "Kubernetes " + BootstrapVersion}
	for doc, err := range tree.Parse(bootstrapText, tree.DefaultLimits()) {
		if err != nil {
			break // the table is tested
		}
		objects, _ := kube.Decode(doc, origin)
		for _, o := range objects {
			entities = append(entities, o.Entity())
		}
	}
	return world.New(entities)
}
