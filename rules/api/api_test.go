package api_test

import (
	"strings"
	"testing"

	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rule/ruletest"
	"github.com/bartizan-dev/bartizan/rules/api"
)

// TestVersions judges objects for several target versions.
func TestVersions(t *testing.T) {
	const (
		cron    = "apiVersion: batch/v1beta1\nkind: CronJob\nmetadata: {name: a}\n"
		ingress = "apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: a}\n"
		web     = "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {}}\n"
		chosen  = "apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}}\n"
		budget  = "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\nspec: {selector: {}}\n"
		flow    = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta2\nkind: FlowSchema\nmetadata: {name: a}\n"
		item    = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: batch/v1beta1, kind: CronJob, metadata: {name: a}}\n"
	)
	for _, c := range []struct {
		rule   *rule.Rule
		text   string
		minor  int
		want   string // in the message; "" for no finding
		change string // in the fix; "" for none
	}{
		{api.Removed, cron, 24, "", ""},
		{api.Deprecated, cron, 20, "", ""},
		{api.Deprecated, cron, 21, "will not be served from 1.25 on; use batch/v1", `"batch/v1"`},
		{api.Removed, cron, 25, "not served since Kubernetes 1.25; use batch/v1", `"batch/v1"`},
		{api.Removed, item, 25, "not served", `"/apiVersion"`},
		{api.Deprecated, cron, 25, "", ""},
		{api.Removed, ingress, 22, "use networking.k8s.io/v1", ""},
		{api.RemovedWorkload, web, 16, "use apps/v1", ""},
		{api.RemovedWorkload, chosen, 16, "use apps/v1", `"apps/v1"`},
		{api.Removed, chosen, 16, "", ""},
		{api.Removed, budget, 25, "use policy/v1", ""},
		{api.Deprecated, flow, 27, "(from 1.29 on)", ""},
		{api.Removed, flow, 29, "use flowcontrol.apiserver.k8s.io/v1", `"flowcontrol.apiserver.k8s.io/v1"`},
	} {
		found, _, err := ruletest.Judge(c.rule, rule.Version{Major: 1, Minor: c.minor}, c.text)
		if err != nil {
			t.Fatal(err)
		}
		message, change := "", ""
		if len(found) > 0 {
			message = found[0].Message
			if found[0].Fix != nil {
				change = string(found[0].Fix.Do)
			}
		}
		if (message != "") != (c.want != "") || !strings.Contains(message, c.want) {
			t.Errorf("%s at 1.%d: message %q, want %q in:\n%s", c.rule.ID, c.minor, message, c.want, c.text)
		}
		if (change != "") != (c.change != "") || !strings.Contains(change, c.change) {
			t.Errorf("%s at 1.%d: fix %q, want %q in:\n%s", c.rule.ID, c.minor, change, c.change, c.text)
		}
	}
}
