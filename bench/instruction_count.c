// A plugin of QEMU that counts the instructions from one address to another.
//
//   gcc -O2 -fPIC -shared -o instruction_count.so bench/instruction_count.c
//   qemu-system-arm … -plugin instruction_count.so,from=0x123,to=0x456
//
// Prints the number to standard error when QEMU ends. Debian's QEMU has the interface but not its
// header, so what is used of version 1 is declared here.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

typedef struct Block Block;              // qemu_plugin_tb
typedef struct Instruction Instruction;  // qemu_plugin_insn
enum { kNoRegisters = 0, kAdd = 0 };

size_t qemu_plugin_tb_n_insns(const Block* block);
Instruction* qemu_plugin_tb_get_insn(const Block* block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const Instruction* instruction);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*call)(uint64_t, Block*));
void qemu_plugin_register_vcpu_insn_exec_cb(Instruction* instruction, void (*call)(unsigned, void*),
                                            int flags, void* data);
void qemu_plugin_register_vcpu_insn_exec_inline(Instruction* instruction, int operation, void* to,
                                                uint64_t value);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*call)(uint64_t, void*), void* data);

EXPORTED int qemu_plugin_version = 1;

static uint64_t from, to;        // Addresses.
static uint64_t executed;        // Instructions since the start.
static uint64_t begin, counted;  // `executed` at `from`; instructions from there to `to`.

static void at_from(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  begin = executed;
}

static void at_to(unsigned cpu, void* data) {
  (void)cpu, (void)data;
  counted = executed - begin;
}

static void translate(uint64_t id, Block* block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    Instruction* instruction = qemu_plugin_tb_get_insn(block, i);
    const uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (address == from) {
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, at_from, kNoRegisters, NULL);
    }
    if (address == to) {
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, at_to, kNoRegisters, NULL);
    }
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, kAdd, &executed, 1);
  }
}

static void at_exit(uint64_t id, void* data) {
  (void)id, (void)data;
  fprintf(stderr, "%" PRIu64 "\n", counted);
}

EXPORTED int qemu_plugin_install(uint64_t id, const void* machine, int count, char** arguments) {
  (void)machine;
  for (int i = 0; i < count; ++i) {
    if (strncmp(arguments[i], "from=", 5) == 0) from = strtoull(arguments[i] + 5, NULL, 0);
    if (strncmp(arguments[i], "to=", 3) == 0) to = strtoull(arguments[i] + 3, NULL, 0);
  }
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_atexit_cb(id, at_exit, NULL);
  return 0;
}
