package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/bartizan-dev/bartizan"
	"github.com/bartizan-dev/bartizan/internal/alert"
	"github.com/bartizan-dev/bartizan/internal/path"
	"github.com/bartizan-dev/bartizan/rule"
	"github.com/bartizan-dev/bartizan/rules"
)

// surroundings says of identities and objects where they stand on attack paths.
type surroundings map[bartizan.Ref]alert.Standing

// Standing is where a thing stands on the path that matters most.
func (s surroundings) Standing(r bartizan.Ref) (alert.Standing, bool) {
	at, ok := s[r]
	return at, ok
}

// surroundings reads the cluster, or the manifests of it, and looks for attack paths.
func (f *watchFlags) surroundings(cmd *cobra.Command, report func(string)) (surroundings, error) {
	target, err := rule.ParseVersion("latest")
	if err != nil {
		return nil, &exitError{exitInternal, err}
	}
	read, err := f.inputFlags.load(cmd, f.world, pathKinds, target)
	if err != nil {
		return nil, err
	}
	for _, g := range read.Gaps {
		if !g.Skip {
			report(fmt.Sprintf("not read: %s: %s: attack paths through it are not known", g.Origin.File, g.Reason))
		}
	}
	g := path.Build(path.Input{World: read.World, Objects: read.Objects, Edges: rules.Edges(), Version: target, Complete: f.whole()})
	found := surroundings{}
	for _, p := range g.List(g.Sources(path.SourcesInternet, path.SourcesWorkloads, path.SourcesIdentities), g.Targets()) {
		at := alert.Standing{Target: p.Target.Name, To: p.Target.Title}
		mark := func(r bartizan.Ref) {
			if _, known := found[r]; !known && r.Name != rule.Every {
				found[r] = at
			}
		}
		for _, r := range p.Sources {
			mark(r)
		}
		for _, stage := range p.Stages {
			for _, r := range stage.From {
				mark(r)
			}
			mark(stage.To)
		}
	}
	return found, nil
}
