// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func self(t *testing.T) string {
	t.Helper()
	p, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func script(t *testing.T, text string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(p, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRewrite(t *testing.T) {
	files := map[string]string{
		"/vtest/show":   self(t),
		"/vtest/plain":  script(t, "#!/vtest/show\n"),
		"/vtest/script": script(t, "#! /vtest/show -x y \n"),
		"/vtest/nested": script(t, "#!/vtest/script deep\n"),
		"/vtest/sh":     script(t, "#!/bin/sh\necho sh \"$0\" \"$@\"\n"),
	}
	for _, how := range []string{"exec", "run"} {
		for path, want := range map[string][]string{
			"/vtest/show":   {"/vtest/show", "a", "b c"},
			"/vtest/plain":  {"/vtest/show", "/vtest/plain", "a", "b c"},
			"/vtest/script": {"/vtest/show", "-x y", "/vtest/script", "a", "b c"},
			"/vtest/nested": {"/vtest/show", "-x y", "/vtest/script", "deep", "/vtest/nested", "a", "b c"},
		} {
			t.Run(how+path, func(t *testing.T) {
				h := newHarness(t, files)
				out, err := h.run(how, path, "a", "b c")
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				var got shown
				if err := json.Unmarshal([]byte(out), &got); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if !reflect.DeepEqual(got.Args, want) || got.Comm != "show" || got.Maps {
					t.Errorf("got %+v, want arguments %q", got, want)
				}
				if h.rewrites == 0 || h.rewrites != h.matched {
					t.Errorf("%d rewritten calls, %d seen again", h.rewrites, h.matched)
				}
			})
		}
		t.Run(how+"/sh", func(t *testing.T) {
			h := newHarness(t, files)
			out, err := h.run(how, "/vtest/sh", "a", "b c")
			// dash cannot open the virtual script, but says which.
			if err == nil || !strings.Contains(out, "/vtest/sh") {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
