// SPDX-License-Identifier: Apache-2.0

// Package libvdeplug connects programs to virtual Ethernet networks. It
// understands the virtual network locators of VDE's vdeplug4 and speaks the
// same protocols, so that Go programs, VDE's tools, virtual machines and
// namespaces can share a network:
//
//	c, err := libvdeplug.Open("vxvde://239.1.2.3/vni=4")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	bufs, sizes := libvdeplug.Buffers(c, 32)
//	for {
//		n, err := c.Recv(bufs, sizes)
//		if err != nil {
//			return err
//		}
//		for i := range n {
//			handle(bufs[i][:sizes[i]])
//		}
//	}
//
// What a Conn promises is said at [Conn]; how to write a plugin in package
// vuos.dev/libvdeplug/plug; which plugins there are in the packages below
// vuos.dev/libvdeplug/plugins.
package libvdeplug
