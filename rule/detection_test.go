package rule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bartizan-dev/bartizan/rule"
)

const detectionHead = `id: audit-x
title: X
severity: high
on: Audit
why: w
find: >
  ka.verb = get
message: m
`

// TestDetection reads the whole of a detection.
func TestDetection(t *testing.T) {
	r, err := rule.Parse("x.rule", detectionHead+`over:
  by: [ka.user.name, ka.target.name]
  within: 2d
  gap: 90s
  memory: 5
  then:
    - ka.verb = list
    - {find: ka.verb = delete, by: [ka.impuser.name, ka.target.name]}
-- fail/a.yaml --
- {user: jane}
`)
	if err != nil {
		t.Fatal(err)
	}
	o := r.Over
	if !r.Detects() || r.Line != 7 || o.Within != 48*time.Hour || o.Gap != 90*time.Second || o.Memory != 5 || len(o.By) != 2 || len(o.Then) != 2 ||
		o.Then[0].Find != "ka.verb = list" || o.Then[0].By != nil || o.Then[1].By[0] != "ka.impuser.name" {
		t.Errorf("%+v %+v", r, o)
	}
	if find, ok := r.Find(rule.Latest); find != "ka.verb = get" || !ok || len(r.Examples()) != 1 {
		t.Errorf("find %q", find)
	}
}

// TestFaultyDetections says what is wrong with detections, and where.
func TestFaultyDetections(t *testing.T) {
	for text, want := range map[string]string{
		"over: 3":            "x.rule:9: over is a int, not a map",
		"over: {within: 1m}": "over has 0 of count, distinct, then, absent and first",
		"over: {within: 1m, count: 2, absent: a = b}":                "over has 2 of count",
		"over: {count: 2}":                                           "within is missing",
		"over: {within: soon, count: 2}":                             `within is "soon"`,
		"over: {within: 0s, count: 2}":                               `within is "0s"`,
		"over: {within: 500d, count: 2}":                             `within is "500d"`,
		"over: {within: 1.5d, count: 2}":                             `within is "1.5d"`,
		"over: {within: 1m, count: 0}":                               "count must be a number from 1 to",
		"over: {within: 1m, count: 2, memory: 2000000}":              "memory must be a number from 1 to",
		"over: {within: 1m, cuont: 2}":                               `unknown field "cuont"`,
		"over: {within: 1m, distinct: {field: a}}":                   "must be a number",
		"over: {within: 1m, distinct: {of: a, atLeast: 3}}":          `unknown field "of"`,
		"over: {within: 1m, then: ka.verb = list}":                   "then is a string, not a list",
		"over: {within: 1m, then: []}":                               "then has 0 steps",
		"over: {within: 1m, count: 2, gap: 3s}":                      "gap belong to then",
		"over: {within: 1m, gap: 3s, anyOrder: true, then: [a]}":     "without an order there is only within",
		"over: {by: [a], within: 1m, then: [{find: a, by: [b, c]}]}": "a step's by has 2 fields, that of over 1",
		"fix: []": `unknown field "fix"`,
	} {
		_, err := rule.Parse("x.rule", detectionHead+text+"\n")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := rule.Parse("x.rule", strings.Replace(detectionHead, "message: m\n", "", 1)); err == nil || !strings.Contains(err.Error(), "message is missing") {
		t.Errorf("no message: %v", err)
	}
	if _, err := rule.Parse("x.rule", strings.Replace(detectionHead, "on: Audit", "on: [Audit, Pod]", 1)); err == nil || !strings.Contains(err.Error(), "alone") {
		t.Errorf("on two: %v", err)
	}
}
