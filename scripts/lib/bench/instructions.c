/* A plugin of QEMU that counts the instructions of the program, for scripts/bench: Debian's packages
 * have neither the one that comes with QEMU nor the header, so that what is used of that is declared
 * here. Threads count together.
 *
 * Source: QEMU's include/qemu/qemu-plugin.h. */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef void (*on_translation)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*on_execution)(unsigned int cpu, void *count);
typedef void (*on_exit)(qemu_plugin_id_t id, void *nothing);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, on_translation call);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, on_execution call,
                                          int flags, void *count);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, on_exit call, void *nothing);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);

/* Which one a QEMU accepts depends on its own version: whoever compiles this tries. */
__attribute__((visibility("default"))) int qemu_plugin_version = VERSION;

static uint64_t executed;
static char path[4096];

static void execute(unsigned int cpu, void *count)
{
    (void)cpu;
    __atomic_fetch_add(&executed, (uintptr_t)count, __ATOMIC_RELAXED);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    /* 0: no registers are read or written. */
    qemu_plugin_register_vcpu_tb_exec_cb(block, execute, 0,
                                         (void *)(uintptr_t)qemu_plugin_tb_n_insns(block));
}

static void finish(qemu_plugin_id_t id, void *nothing)
{
    FILE *file = fopen(path, "w");
    (void)id;
    (void)nothing;
    if (file) {
        fprintf(file, "%" PRIu64 "\n", executed);
        fclose(file);
    }
}

/* -plugin file=THIS,out=PATH: the count goes there when the program ends. */
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const void *machine, int argc,
                                                               char **argv)
{
    (void)machine;
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0 || strlen(argv[0] + 4) >= sizeof path) {
        fprintf(stderr, "instructions: out=PATH is missing\n");
        return 1;
    }
    strcpy(path, argv[0] + 4);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
