/**
 * netmap's structs once more, declared in C from its documentation and by hand, so that a slip in
 * the tables and a slip here would have to coincide. The compiler, not this project, places them.
 *
 * @module
 */

/** C declarations of every struct that has a table. */
export const LAYOUT_C: string = `
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/types.h>

typedef uint8_t b1;
typedef uint16_t b2;
typedef uint32_t b4;
typedef uint64_t b8;

struct netmap_slot { b4 buf_idx; b2 len, flags; b8 ptr; };

struct netmap_ring {
  int64_t buf_ofs;
  b4 num_slots, nr_buf_size;
  b2 ringid, dir;
  b4 head, cur, tail, flags;
  struct timeval ts;
  b8 offset_mask, buf_align;
  _Alignas(128) b1 sem[128];
  struct netmap_slot slot[];
};

struct netmap_if {
  char ni_name[16];
  b4 ni_version, ni_flags, ni_tx_rings, ni_rx_rings;
  b4 ni_bufs_head, ni_host_tx_rings, ni_host_rx_rings, ni_spare1[3];
  ssize_t ring_ofs[];
};

struct nmreq_header {
  b2 nr_version, nr_reqtype;
  b4 nr_reserved;
  char nr_name[64];
  b8 nr_options, nr_body;
};

struct nmreq_option { b8 nro_next; b4 nro_reqtype, nro_status; b8 nro_size; };

struct nmreq_register {
  b8 nr_offset, nr_memsize;
  b4 nr_tx_slots, nr_rx_slots;
  b2 nr_tx_rings, nr_rx_rings, nr_host_tx_rings, nr_host_rx_rings;
  b2 nr_mem_id, nr_ringid;
  b4 nr_mode, nr_extra_bufs;
  b8 nr_flags;
};

struct nmreq_port_info_get {
  b8 nr_memsize;
  b4 nr_tx_slots, nr_rx_slots;
  b2 nr_tx_rings, nr_rx_rings, nr_host_tx_rings, nr_host_rx_rings;
  b2 nr_mem_id, pad[3];
};

struct nmreq_vale_attach { struct nmreq_register reg; b4 port_index, pad1; };
struct nmreq_vale_detach { b4 port_index, pad1; };
struct nmreq_vale_list { b2 nr_bridge_idx, pad1; b4 nr_port_idx; };
struct nmreq_vale_newif {
  b4 nr_tx_slots, nr_rx_slots;
  b2 nr_tx_rings, nr_rx_rings, nr_mem_id, pad1;
};
struct nmreq_vale_polling { b4 nr_mode, nr_first_cpu_id, nr_num_polling_cpus, pad1; };
struct nmreq_port_hdr { b4 nr_hdr_len, pad1; };
struct nmreq_sync_kloop_start { b4 sleep_us, pad1; };

struct nmreq_pools_info {
  b8 nr_memsize;
  b2 nr_mem_id, pad1[3];
  b8 nr_if_pool_offset;
  b4 nr_if_pool_objtotal, nr_if_pool_objsize;
  b8 nr_ring_pool_offset;
  b4 nr_ring_pool_objtotal, nr_ring_pool_objsize;
  b8 nr_buf_pool_offset;
  b4 nr_buf_pool_objtotal, nr_buf_pool_objsize;
};

struct nm_kloop_eventfds { int32_t ioeventfd, irqfd; };
struct nmreq_opt_sync_kloop_eventfds {
  struct nmreq_option nro_opt;
  struct nm_kloop_eventfds eventfds[];
};
struct nmreq_opt_sync_kloop_mode { struct nmreq_option nro_opt; b4 mode; };
struct nmreq_opt_extmem {
  struct nmreq_option nro_opt;
  b8 nro_usrptr;
  struct nmreq_pools_info nro_info;
};
struct nmreq_opt_csb { struct nmreq_option nro_opt; b8 csb_atok, csb_ktoa; };
struct nmreq_opt_offsets {
  struct nmreq_option nro_opt;
  b8 nro_max_offset, nro_initial_offset;
  b4 nro_offset_bits, nro_tx_align;
  b8 nro_min_gap;
};

struct nm_csb_atok { b4 head, cur, appl_need_kick, sync_flags, pad[12]; };
struct nm_csb_ktoa { b4 hwcur, hwtail, kern_need_kick, pad[13]; };

struct nmreq {
  char nr_name[16];
  b4 nr_version, nr_offset, nr_memsize, nr_tx_slots, nr_rx_slots;
  b2 nr_tx_rings, nr_rx_rings, nr_ringid, nr_cmd, nr_arg1, nr_arg2;
  b4 nr_arg3, nr_flags, spare2[1];
};
struct nm_ifreq { char nifr_name[16]; char data[256]; };
`;
