package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/bartizan-dev/bartizan/rule"
)

// maxRuleFile bounds a file of rules, in bytes.
const maxRuleFile = 4 << 20

// RuleFile is a file of users' rules that is not a .rule file: admission policies, for internal/policy.
type RuleFile struct{ Name, Text string }

// LoadRules reads users' rules: .rule files, YAML files of admission policies, or directories that hold
// them. It stops at the first fault: half of somebody's rules would be a silent pass. Detections, which judge events,
// are passed over: LoadDetections reads them.
func LoadRules(paths []string) (own []*rule.Rule, policies []RuleFile, err error) {
	own, _, policies, err = loadRules(paths)
	return own, policies, err
}

// LoadDetections reads the .rule files that judge events, among others or alone.
func LoadDetections(paths []string) ([]*rule.Rule, error) {
	_, detections, _, err := loadRules(paths)
	return detections, err
}

func loadRules(paths []string) (own, detections []*rule.Rule, policies []RuleFile, err error) {
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			ext := strings.ToLower(filepath.Ext(file))
			isRule, isPolicy := ext == ".rule", ext == ".yaml" || ext == ".yml" || ext == ".json"
			if !isRule && !isPolicy {
				if file == path {
					return fmt.Errorf("%s is neither a .rule file nor YAML", file)
				}
				return nil
			}
			text, err := readBounded(file)
			if err != nil {
				return err
			}
			if isPolicy {
				policies = append(policies, RuleFile{filepath.ToSlash(file), text})
				return nil
			}
			r, err := rule.Parse(filepath.ToSlash(file), text)
			switch {
			case err != nil:
				return err
			case r.Detects():
				detections = append(detections, r)
			default:
				own = append(own, r)
			}
			return nil
		})
		if err != nil {
			return nil, nil, nil, fmt.Errorf("read rules: %w", err)
		}
	}
	return own, detections, policies, nil
}

func readBounded(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", file)
	case info.Size() > maxRuleFile:
		return "", fmt.Errorf("%s has %d bytes, more than %d: split it", file, info.Size(), maxRuleFile)
	}
	text, err := os.ReadFile(file)
	return string(text), errors.Join(err)
}
