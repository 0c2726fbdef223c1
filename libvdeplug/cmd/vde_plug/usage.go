// SPDX-License-Identifier: Apache-2.0

package main

// usage is the answer to --help.
const usage = `Usage: vde_plug [OPTIONS] [VNL]
       vde_plug [OPTIONS] VNL VNL
       vde_plug [OPTIONS] [VNL] = COMMAND [ARGS]

Connects the network VNL to standard input and output, to a second network,
or to the input and output of COMMAND. A VNL that is missing or empty is the
standard network.

  -d, --daemon           run in the background
  -p, --pidfile FILE     write the process number to FILE
  -l, --log              log start and end to syslog
  -L, --iplog            the same, and IP addresses seen from the other side
  -g, --group GROUP      group that owns the sockets of the first network
  -G, --group2 GROUP     the same for the second network
  -m, --mod MODE         permissions (octal) of the sockets of the first network
  -M, --mod2 MODE        the same for the second network
      --port N, --port2 N
                         port of the switch; better: VNL[N]
  -D, --descr TEXT       description of the connection, shown by the switch
  -h, --help             this text
`
