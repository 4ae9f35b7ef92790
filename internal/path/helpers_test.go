package path_test

import "github.com/bartizan-dev/bartizan"

func ref(kind bartizan.Kind, namespace, name string) bartizan.Ref {
	return bartizan.Ref{Kind: kind, Namespace: namespace, Name: name}
}
