// SPDX-License-Identifier: Apache-2.0

package hypervisor

import (
	"fmt"
	"log/syslog"

	"vuos.dev/engine"
	"vuos.dev/engine/internal/sys"
)

// useSyslog sends lines up to a level to the system's log too.
func useSyslog(log *sys.Log, level engine.Level) error {
	w, err := syslog.New(syslog.LOG_USER|syslog.LOG_WARNING, "umvu")
	if err != nil {
		return fmt.Errorf("syslog: %w", err)
	}
	log.Also(level, func(l engine.Level, line string) {
		send := map[engine.Level]func(string) error{
			engine.LogErr: w.Err, engine.LogWarning: w.Warning, engine.LogNotice: w.Notice,
			engine.LogInfo: w.Info, engine.LogDebug: w.Debug,
		}[l]
		if send == nil {
			send = w.Crit
		}
		_ = send(line) // where else to tell?
	})
	return nil
}
