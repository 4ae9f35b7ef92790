package attack

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/rule"
)

// PodOperator leads from the right to write an object from which an operator makes pods to what pods of the namespace may.
var PodOperator = rule.Edge(`
id: attack-pod-operator
title: Have an operator start a pod with another service account
certainty: likely
cost: 1
maps: {attack: T1610, ms-matrix: MS-TA9008}
why: |
  Tekton, Argo Workflows, Spark, Ray, Flink, Knative, KEDA, the Prometheus operator and others make pods from objects of their own
  kinds, which hold a pod's specification or most of it. Whoever writes them chooses image, service account and the Secrets
  to mount, just as with a Deployment; a role that withholds pods and Deployments does not withhold this.
detect: pods of the operator with an image or a service account that it never had
mitigate: give the right to write these objects only to who may create pods
references:
  - https://kubernetes.io/docs/concepts/security/rbac-good-practices/#workload-creation
  - https://tekton.dev/docs/pipelines/taskruns/
  - https://argo-workflows.readthedocs.io/en/latest/service-accounts/
-- yes/taskrun.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: tekton-pipelines}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/tektoncd/pipeline/controller:v1.0.0 # EVIDENCE
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deploy, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [tekton.dev], resources: [taskruns], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> ServiceAccount shop/deploy
# NO EDGE User jane -> ServiceAccount tekton-pipelines/default
-- yes/secret.yaml --
apiVersion: apps/v1
kind: Deployment
metadata: {name: workflow-controller, namespace: argo}
spec: {template: {spec: {containers: [{name: c, image: "quay.io/argoproj/workflow-controller:v3.6.0"}]}}}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [argoproj.io], resources: [workflows], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# EDGE User jane -> Secret shop/db
-- no/no-operator.yaml --
# Nothing follows the objects.
apiVersion: v1
kind: ServiceAccount
metadata: {name: deploy, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [tekton.dev], resources: [taskruns], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/deploy
-- no/task.yaml --
# A Task is a recipe: nothing runs before a TaskRun names it.
apiVersion: apps/v1
kind: Deployment
metadata: {name: controller, namespace: tekton-pipelines}
spec:
  template:
    spec:
      containers:
      - name: c
        image: ghcr.io/tektoncd/pipeline/controller:v1.0.0
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: deploy, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: dev, namespace: shop}
rules: [{apiGroups: [tekton.dev], resources: [tasks], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: dev, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: dev}
subjects: [{kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}]
# NO EDGE User jane -> ServiceAccount shop/deploy
`, derivePodOperator)

// podOperators are programs that make pods from objects of their own kinds.
var podOperators = []struct {
	images    []string
	group     string
	resources []string
}{
	{[]string{"tektoncd/pipeline/controller", "tektoncd/pipeline/cmd/controller"}, "tekton.dev", []string{"taskruns", "pipelineruns"}},
	{[]string{"argoproj/workflow-controller", "workflow-controller"}, "argoproj.io", []string{"workflows", "cronworkflows"}},
	{[]string{"argoproj/argo-rollouts"}, "argoproj.io", []string{"rollouts"}},
	{[]string{"kubeflow/spark-operator", "kubeflow/spark-operator/controller"}, "sparkoperator.k8s.io", []string{"sparkapplications", "scheduledsparkapplications"}},
	{[]string{"kuberay/operator"}, "ray.io", []string{"rayclusters", "rayjobs", "rayservices"}},
	{[]string{"flink-kubernetes-operator", "apache/flink-kubernetes-operator"}, "flink.apache.org", []string{"flinkdeployments"}},
	{[]string{"knative-releases/knative.dev/serving/cmd/controller"}, "serving.knative.dev", []string{"services", "configurations"}},
	{[]string{"kubeflow/training-operator"}, "kubeflow.org", []string{"pytorchjobs", "tfjobs", "mpijobs"}},
	{[]string{"kedacore/keda"}, "keda.sh", []string{"scaledjobs"}},
	{[]string{"prometheus-operator/prometheus-operator"}, "monitoring.coreos.com", []string{"prometheuses", "alertmanagers", "thanosrulers"}},
	{[]string{"eck/eck-operator"}, "elasticsearch.k8s.elastic.co", []string{"elasticsearches"}},
	{[]string{"actions/gha-runner-scale-set-controller"}, "actions.github.com", []string{"autoscalingrunnersets"}},
	{[]string{"open-telemetry/opentelemetry-operator/opentelemetry-operator"}, "opentelemetry.io", []string{"opentelemetrycollectors"}},
	{[]string{"volcanosh/vc-controller-manager"}, "batch.volcano.sh", []string{"jobs"}},
}

func derivePodOperator(a *rule.Attack) {
	for _, o := range podOperators {
		for p, c := range running(a, o.images...) {
			for _, resource := range o.resources {
				for scope, held := range a.Holding(rule.Right{Verb: "create", Group: o.group, Resource: resource}) {
					for _, to := range []bartizan.Ref{rule.AccountsIn(scope.Namespace), rule.SecretsIn(scope.Namespace)} {
						a.Step(rule.Step{
							From: append([]bartizan.Ref{}, held...), To: to, Text: "has an operator start a pod with {to}, from " + resource,
							Why: p.Why(c.Node.Get("image")),
						})
					}
				}
			}
		}
	}
}
