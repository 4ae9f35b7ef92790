package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/bartizan-dev/bartizan/test/e2e/cluster"
	"github.com/bartizan-dev/bartizan/test/e2e/product"
)

// TestCommand runs rule export in the ways that need no cluster.
func TestCommand(t *testing.T) {
	t.Parallel()
	bartizan := product.Build(t)
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"pss-privileged", 0, "name: bartizan-pss-privileged", ""},
		{"--framework pss-restricted --kube-version 1.36", 0, "name: bartizan-pss-seccomp-restricted", ""},
		{"node-kubelet-anonymous", 2, "", "a configuration file, which no API server sees"},
		{"node-*", 0, "kind: ValidatingAdmissionPolicy", "note: export rule node-kubelet-anonymous: "},
		{"pss-privilegd", 2, "", "did you mean pss-privileged?"},
		{"pss-privileged --as xml", 2, "", "use vap or map"},
		{"pss-privileged --as map", 2, "", "add --unsafe"},
		{"pss-privileged --as map --unsafe", 0, "kind: MutatingAdmissionPolicy", ""},
		{"pss-privileged --as map --unsafe --action warn", 2, "", "--action is for --as vap"},
		{"pss-privileged --action deny,warn", 2, "", "takes only one of them"},
		{"pss-privileged --action log", 2, "", "use deny, warn or audit"},
		{"pss-privileged --exclude-namespace A_b", 2, "", "is not the name of a namespace"},
		{"rbac-cluster-admin --param rbac-cluster-admin.groups=ops,dev", 0, "groups: ops,dev", ""},
		{"rbac-cluster-admin --namespace policies", 0, "namespace: policies", ""},
		{"", 2, "", "name rules by id or glob"},
	} {
		args := append([]string{"rule", "export"}, strings.Fields(test.args)...)
		got := bartizan.Run(t, nil, args...)
		if got.Code != test.code || !strings.Contains(string(got.Stdout), test.stdout) || !strings.Contains(string(got.Stderr), test.stderr) {
			t.Errorf("%s: code %d, want %d with %q and %q\n%.2000s\n%.2000s", test.args, got.Code, test.code, test.stdout, test.stderr, got.Stdout, got.Stderr)
		}
		if test.code != 0 {
			if len(got.Stdout) > 0 {
				t.Errorf("%s: fails and writes %.200s", test.args, got.Stdout)
			}
			continue
		}
		if again := bartizan.Run(t, nil, args...); !bytes.Equal(got.Stdout, again.Stdout) {
			t.Errorf("%s: the output differs from one run to the next", test.args)
		}
		list := bartizan.Run(t, nil, append(args, "-o", "json")...)
		var objects struct{ Items []map[string]any }
		if err := json.Unmarshal(list.Stdout, &objects); err != nil || len(objects.Items) != strings.Count(string(got.Stdout), "\n---\n")+1 {
			t.Errorf("%s: as JSON %d objects, %v", test.args, len(objects.Items), err)
		}
	}
}

// TestTypes has kube-controller-manager check the types of every exported policy against the schema of every kind that
// it matches, which takes it half a minute.
func TestTypes(t *testing.T) {
	if os.Getenv("BARTIZAN_E2E_FULL") == "" {
		t.Skip("set BARTIZAN_E2E_FULL to run it")
	}
	policies := exportAll(t, product.Build(t))
	c := cluster.Start(t, cluster.Hardened, cluster.PoliciesOnly(), cluster.WithControllerManager())
	applyPolicies(t, c, policies)
	client, err := kubernetes.NewForConfig(c.Admin().Config)
	if err != nil {
		t.Fatal(err)
	}
	rules := exportedRules(policies)
	cluster.Eventually(t, 2*time.Minute, func() error {
		list, err := client.AdmissionregistrationV1().ValidatingAdmissionPolicies().List(t.Context(), metav1.ListOptions{})
		if err != nil {
			return err
		}
		checked := 0
		for _, p := range list.Items {
			if p.Status.TypeChecking == nil || !slices.Contains(rules, strings.TrimPrefix(p.Name, "bartizan-")) {
				continue
			}
			checked++
			for _, w := range p.Status.TypeChecking.ExpressionWarnings {
				t.Errorf("%s %s: %s", p.Name, w.FieldRef, w.Warning)
			}
		}
		if checked < len(rules) && !t.Failed() {
			return fmt.Errorf("%d of %d policies are checked", checked, len(rules))
		}
		return nil
	})
}
