# The verbs of this repository. Each is one word; CI runs the same ones.
.PHONY: build test lint fuzz bench generate

build: ## the binary, small and reproducible
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o bartizan ./cmd/bartizan

test: ## every test, with a real API server and etcd built from modules (cached after the first time)
	./test/run

lint:
	go tool -modfile=test/lint/go.mod golangci-lint run ./...

fuzz: ## each fuzz target for a short time
	./test/fuzz 10s

bench:
	go test -run='^$$' -bench=. -benchmem ./...

generate: ## the list of rules written in Go
	go generate ./...
