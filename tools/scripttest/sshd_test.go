// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// startSSHD runs an sshd of its own on the loopback address until the test ends, outside of any view, which lets in who has the
// key that it makes. ssh -F DIR/ssh_config loopback logs in. The options that sshfs needs besides are in DIR/ssh_options:
// where no login is possible, a command that stands for ssh.
func startSSHD(t *testing.T, dir string) {
	t.Helper()
	write := func(name string, mode os.FileMode, format string, args ...any) {
		if err := os.WriteFile(filepath.Join(dir, name), fmt.Appendf(nil, format, args...), mode); err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() != 0 {
		write("ssh", 0o700, "#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n")
		write("ssh_options", 0o600, "-o ssh_command=%s/ssh", dir)
		return
	}
	write("ssh_options", 0o600, "")
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	for _, key := range []string{"host_key", "user_key"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	write("sshd_config", 0o600, `ListenAddress %s
HostKey %s/host_key
AuthorizedKeysFile %s/user_key.pub
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
Subsystem sftp internal-sftp
`, address, dir, dir)
	write("ssh_config", 0o600, `Host loopback
HostName 127.0.0.1
Port %d
IdentityFile %s/user_key
IdentitiesOnly yes
BatchMode yes
StrictHostKeyChecking no
UserKnownHostsFile %s/known_hosts
LogLevel ERROR
`, address.Port, dir, dir)
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // its privilege separation directory
		t.Fatal(err)
	}
	log := filepath.Join(dir, "sshd.log")
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-f", filepath.Join(dir, "sshd_config"), "-E", log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp4", address.String())
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
		default:
			if time.Now().Before(deadline) {
				continue
			}
		}
		out, _ := os.ReadFile(log)
		t.Fatalf("sshd: %v\n%s", err, out)
	}
}
