package api

import (
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/bartizan-dev/bartizan/rule"
)

// The marks that the API's own types carry: the API server decides by them what to serve.
type deprecatedMark interface{ APILifecycleDeprecated() (int, int) }
type removedMark interface{ APILifecycleRemoved() (int, int) }
type replacedMark interface {
	APILifecycleReplacement() schema.GroupVersionKind
}

// TestTableAgreesWithTheAPI compares the table with the life-cycle marks of every kind that k8s.io/api still
// has, in both directions.
func TestTableAgreesWithTheAPI(t *testing.T) {
	compared := 0
	for gvk, typ := range scheme.Scheme.AllKnownTypes() {
		object := reflect.New(typ).Interface()
		removed, ok := object.(removedMark)
		if !ok || !scheme.Scheme.Recognizes(gvk.GroupVersion().WithKind(gvk.Kind+"List")) {
			continue // not deprecated, or nothing that is stored
		}
		api := kindOf{gvk.GroupVersion().String(), gvk.Kind}
		v, listed := byKind[api]
		if !listed {
			v, listed = pspByKind[api]
		}
		if !listed {
			t.Errorf("%s %s is marked as removed, but is not in the table", api.api, api.kind)
			continue
		}
		compared++
		if _, minor := removed.APILifecycleRemoved(); minor != v.removed {
			t.Errorf("%s %s: the API says removed in 1.%d, the table 1.%d", api.api, api.kind, minor, v.removed)
		}
		if d, ok := object.(deprecatedMark); ok {
			if _, minor := d.APILifecycleDeprecated(); minor != v.deprecated {
				t.Errorf("%s %s: the API says deprecated in 1.%d, the table 1.%d", api.api, api.kind, minor, v.deprecated)
			}
		}
		if r, ok := object.(replacedMark); ok && r.APILifecycleReplacement().Group != "" {
			group, _, _ := strings.Cut(v.use, "/")
			if group != r.APILifecycleReplacement().Group {
				t.Errorf("%s %s: the API says use %s, the table %s", api.api, api.kind, r.APILifecycleReplacement(), v.use)
			}
		}
	}
	if compared < 60 {
		t.Errorf("only %d kinds were compared: the walk is broken", compared)
	}
}

// TestTableIsSound checks what a version promises: its fix leads to an API version that is served for as long
// as the old one is judged.
func TestTableIsSound(t *testing.T) {
	for _, v := range versions {
		if v.removed != 0 && v.removed < v.deprecated {
			t.Errorf("%s %s is removed before it is deprecated", v.api, v.kinds)
		}
		if v.keeps != changes && !isVersion(v.use) {
			t.Errorf("%s %s keeps its meaning, but under no version", v.api, v.kinds)
		}
		for kind := range strings.FieldsSeq(v.kinds) {
			if next, ok := byKind[kindOf{v.use, kind}]; ok && v.keeps == same && next.removedIn(rule.Latest) {
				t.Errorf("%s %s leads to %s, which is removed too", v.api, kind, v.use)
			}
		}
	}
	if got := len(byKind); got < 100 {
		t.Errorf("the table has %d kinds", got)
	}
}
