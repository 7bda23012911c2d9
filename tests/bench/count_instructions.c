/*
 * A plugin for QEMU's user mode (docs/devel/tcg-plugins): tells on standard error how many
 * instructions a program has executed, "instructions: N". Debian has no package with the plugins'
 * header, so what is used of it is declared here.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#define EXPORTED __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t,
                                                              struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                          void (*executed)(unsigned, void *), int flags,
                                          void *user);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t, void *),
                                    void *user);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

/* QEMU refuses a plugin for an interface that is too old or too new for it. */
EXPORTED int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static atomic_uint_fast64_t instructions;

static void executed(unsigned processor, void *user)
{
    (void)processor;
    atomic_fetch_add_explicit(&instructions, (uintptr_t)user, memory_order_relaxed);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    enum { NO_REGISTERS = 0 };
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(block, executed, NO_REGISTERS,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void ended(qemu_plugin_id_t id, void *user)
{
    (void)id, (void)user;
    fprintf(stderr, "instructions: %" PRIuFAST64 "\n", atomic_load(&instructions));
}

EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
