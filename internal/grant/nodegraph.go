package grant

import (
	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/kube"
	"github.com/bartizan-dev/bartizan/internal/tree"
)

// readNodes builds the Node authorizer's graph from pods and volumes.
func (m *Model) readNodes(w, born bartizan.World) {
	n := nodes{complete: m.options.Pods, reads: map[bartizan.Ref][]link{}}
	if e, ok := born.Get(bartizan.Ref{Kind: "ClusterRole", Name: "system:node"}); ok {
		d := decoder{object: e.Value.(*kube.Object), ref: e.Ref}
		for _, r := range d.rules(false) {
			n.rules = append(n.rules, m.words.compile(&r))
		}
	}
	for e := range w.All("Pod") {
		if o, ok := e.Value.(*kube.Object); ok && len(o.Workloads) > 0 {
			n.pod(m.named(o), o)
		}
	}
	for e := range w.All("PersistentVolume") {
		if o, ok := e.Value.(*kube.Object); ok {
			n.volume(m.named(o), o.Root.Get("spec"))
		}
	}
	for _, kind := range []bartizan.Kind{"VolumeAttachment", "ResourceSlice"} {
		for e := range w.All(kind) {
			if o, ok := e.Value.(*kube.Object); ok {
				n.uses(m.named(o), o.Root.At("spec", "nodeName").Str(), bartizan.Ref{})
			}
		}
	}
	n.reverse()
	m.nodes = n
}

// uses links an object to a node.
func (n *nodes) uses(ref bartizan.Ref, node string, why bartizan.Ref) {
	if ref.Name != "" && node != "" {
		n.reads[ref] = append(n.reads[ref], link{node: node, why: why})
	}
}

// mirrorAnnotation marks the API's copy of a static pod; such a pod gives its node nothing.
const mirrorAnnotation = "kubernetes.io/config.mirror"

func (n *nodes) pod(pod bartizan.Ref, o *kube.Object) {
	spec := o.Workloads[0].Pod
	node := spec.Get("nodeName").Str()
	if node == "" {
		return
	}
	n.uses(pod, node, pod)
	if o.Root.At("metadata", "annotations", mirrorAnnotation).Exists() {
		return
	}
	use := func(kind bartizan.Kind, name string) {
		if name != "" {
			n.uses(bartizan.Ref{Kind: kind, Namespace: pod.Namespace, Name: name}, node, pod)
		}
	}
	account := spec.Get("serviceAccountName").Str()
	if account == "" {
		account = spec.Get("serviceAccount").Str()
	}
	if account == "" {
		account = "default"
	}
	use("ServiceAccount", account)
	for s := range spec.Get("imagePullSecrets").Items() {
		use("Secret", s.Get("name").Str())
	}
	for _, list := range []string{"initContainers", "containers", "ephemeralContainers"} {
		for c := range spec.Get(list).Items() {
			containerUses(c, use)
		}
	}
	for v := range spec.Get("volumes").Items() {
		volumeUses(v, pod.Name, use)
	}
	claims(o, spec, use)
}

func containerUses(c tree.Node, use func(bartizan.Kind, string)) {
	for e := range c.Get("envFrom").Items() {
		use("Secret", e.At("secretRef", "name").Str())
		use("ConfigMap", e.At("configMapRef", "name").Str())
	}
	for e := range c.Get("env").Items() {
		use("Secret", e.At("valueFrom", "secretKeyRef", "name").Str())
		use("ConfigMap", e.At("valueFrom", "configMapKeyRef", "name").Str())
	}
}

// secretVolumes are the kinds of volumes in a pod that name a Secret, and where.
var secretVolumes = [...][]string{
	{"secret", "secretName"}, {"azureFile", "secretName"}, {"cephfs", "secretRef", "name"}, {"cinder", "secretRef", "name"},
	{"flexVolume", "secretRef", "name"}, {"rbd", "secretRef", "name"}, {"scaleIO", "secretRef", "name"},
	{"iscsi", "secretRef", "name"}, {"storageos", "secretRef", "name"}, {"csi", "nodePublishSecretRef", "name"},
}

func volumeUses(v tree.Node, pod string, use func(bartizan.Kind, string)) {
	for _, path := range secretVolumes {
		use("Secret", v.At(path...).Str())
	}
	use("ConfigMap", v.At("configMap", "name").Str())
	for s := range v.At("projected", "sources").Items() {
		use("Secret", s.At("secret", "name").Str())
		use("ConfigMap", s.At("configMap", "name").Str())
	}
	use("PersistentVolumeClaim", v.At("persistentVolumeClaim", "claimName").Str())
	if v.Get("ephemeral").Kind() == tree.Map {
		use("PersistentVolumeClaim", pod+"-"+v.Get("name").Str())
	}
}

func claims(o *kube.Object, spec tree.Node, use func(bartizan.Kind, string)) {
	for c := range spec.Get("resourceClaims").Items() {
		use("ResourceClaim", c.Get("resourceClaimName").Str())
		for s := range o.Root.At("status", "resourceClaimStatuses").Items() {
			if c.Get("resourceClaimTemplateName").Exists() && s.Get("name").Str() == c.Get("name").Str() {
				use("ResourceClaim", s.Get("resourceClaimName").Str())
			}
		}
	}
	use("ResourceClaim", o.Root.At("status", "extendedResourceClaimStatus", "resourceClaimName").Str())
}

// secretSources are the kinds of persistent volumes that name a Secret, and whether it is in the claim's namespace
// where none is given.
var secretSources = [...]struct {
	path  []string
	claim bool
}{
	{[]string{"cephfs", "secretRef"}, true}, {[]string{"cinder", "secretRef"}, false}, {[]string{"flexVolume", "secretRef"}, true},
	{[]string{"rbd", "secretRef"}, true}, {[]string{"scaleIO", "secretRef"}, true}, {[]string{"iscsi", "secretRef"}, true},
	{[]string{"storageos", "secretRef"}, false}, {[]string{"csi", "nodePublishSecretRef"}, false},
	{[]string{"csi", "nodeStageSecretRef"}, false}, {[]string{"csi", "nodeExpandSecretRef"}, false},
}

// volume links a persistent volume to its claim, and the volume's secrets to the volume.
func (n *nodes) volume(pv bartizan.Ref, spec tree.Node) {
	claim := spec.Get("claimRef")
	if claim.Kind() != tree.Map {
		return
	}
	namespace := claim.Get("namespace").Str()
	n.reads[pv] = append(n.reads[pv], link{over: bartizan.Ref{Kind: "PersistentVolumeClaim", Namespace: namespace, Name: claim.Get("name").Str()}})
	secret := func(ns, name string) {
		if name != "" {
			ref := bartizan.Ref{Kind: "Secret", Namespace: ns, Name: name}
			n.reads[ref] = append(n.reads[ref], link{over: pv})
		}
	}
	if f := spec.Get("azureFile"); f.Exists() {
		ns := f.Get("secretNamespace").Str()
		if ns == "" {
			ns = namespace
		}
		secret(ns, f.Get("secretName").Str())
	}
	for _, s := range secretSources {
		ref := spec.At(s.path...)
		ns := ref.Get("namespace").Str()
		if ns == "" && s.claim {
			ns = namespace
		}
		secret(ns, ref.Get("name").Str())
	}
}
