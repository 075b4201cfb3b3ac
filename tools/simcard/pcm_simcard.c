/* A sound card in user space: an ALSA ioplug plugin that PortAudio, arecord and aplay open like hardware.
 *
 * Everything the card is lies in one mapped file, shared with whoever watches (simcard/card.py): a header with knobs and
 * counters, the record of the DAC and the feed of the microphone. A DAC sample lies in the record at the frame at which
 * it is heard, so the end of a sound can be read to one sample. Frame 0 is `epoch_ns` of CLOCK_MONOTONIC; the clock of
 * the card is that clock, the microphone's may run faster by `microphone_ppm`.
 *
 * Samples at and after `dac_end` are silence, whatever the ring holds there; the same goes for `near_end`.
 * Left out: pause, suspend, hardware volume, channel maps.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 4096
#define RING (1u << 21) /* frames; 131 s at 16 kHz */
#define SECOND 1000000000ull

struct header { /* mirrored by `State` in card.py, field for field */
    uint64_t epoch_ns;
    uint64_t dac_end, near_end;
    uint32_t rate;
    uint32_t channels_min, channels_max;
    uint32_t wide; /* 1: the card knows S32_LE only, as many I2S microphones do */
    int32_t microphone_ppm;
    int32_t echo_delay, echo_gain_q15;
    int32_t fifo;      /* frames past the pointer that a drop cannot call back */
    int32_t refusal;   /* errno of every open: EBUSY, EACCES */
    int32_t unplugged; /* every call says ENODEV */
    int32_t stalled;   /* the pointers stand still and nothing is ever ready */
    int32_t hanging;   /* stop and close do not return while set */
    int32_t exclusive; /* as a codec: each direction for one opener at a time, the next is told EBUSY */
    uint32_t output_starts, output_drops, output_underruns;
    uint32_t input_starts, input_drops, input_overruns;
};

struct card {
    union {
        struct header h;
        char room[HEADER_BYTES];
    };
    int16_t dac[RING], near[RING];
};

struct device {
    snd_pcm_ioplug_t io;
    int fd; /* of the card's file, while it is open: it holds the lock of this direction */
    volatile struct card *card;
    uint64_t base; /* card frame of the first frame of this run */
    uint64_t stood; /* pointer when the card stalled */
    int running;
    int broken; /* this run had its xrun; alsa-lib asks more than once */
    uint64_t held; /* card frame up to which the FIFO still sounds: a new run is not heard before */
    int16_t *staged; /* playback frames written before the start */
};

#define DEVICE(io) ((struct device *)(io)->private_data)
#define OUTPUT(io) ((io)->stream == SND_PCM_STREAM_PLAYBACK)
#define MOVED(d) ((uint64_t)(d)->io.appl_ptr) /* frames written or read since prepare */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* Frames of this device's clock per 10^6 seconds, so that ppm are whole numbers. */
static uint64_t clock_rate(const struct device *d)
{
    const volatile struct header *h = &d->card->h;
    return (uint64_t)h->rate * (uint64_t)(1000000 + (OUTPUT(&d->io) ? 0 : h->microphone_ppm));
}

static uint64_t frame_now(const struct device *d)
{
    return (uint64_t)((unsigned __int128)(now_ns() - d->card->h.epoch_ns) * clock_rate(d) / (SECOND * 1000000));
}

static uint64_t time_of(const struct device *d, uint64_t frame)
{
    return d->card->h.epoch_ns + (uint64_t)((unsigned __int128)frame * SECOND * 1000000 / clock_rate(d)) + 1;
}

/* Frames since the start: what the hardware pointer shows. */
static uint64_t elapsed(struct device *d)
{
    if (!d->running)
        return 0;
    if (!d->card->h.stalled)
        d->stood = frame_now(d) - d->base;
    return d->stood;
}

/* Frames the program may write or read now. */
static int64_t room(struct device *d)
{
    uint64_t gone = elapsed(d);
    return OUTPUT(&d->io) ? (int64_t)(d->io.buffer_size + gone - MOVED(d)) : (int64_t)(gone - MOVED(d));
}

static void record(volatile struct card *c, uint64_t held, uint64_t frame, const int16_t *pcm, uint64_t count)
{
    uint64_t skip = frame >= held ? 0 : held - frame < count ? held - frame : count;
    frame += skip, pcm += skip, count -= skip;
    if (!count)
        return;
    uint64_t gap = c->h.dac_end;
    if (gap + RING < frame)
        gap = frame - RING;
    for (; gap < frame; gap++)
        c->dac[gap % RING] = 0;
    for (uint64_t i = 0; i < count; i++)
        c->dac[(frame + i) % RING] = pcm[i];
    c->h.dac_end = frame + count;
}

static int sounding(const volatile struct card *c, int64_t frame)
{
    return frame >= 0 && (uint64_t)frame < c->h.dac_end ? c->dac[(uint64_t)frame % RING] : 0;
}

/* What the microphone hears at its frame `frame`: the near end, and the loudspeaker between two of its samples. */
static int16_t heard(const volatile struct card *c, uint64_t frame)
{
    int64_t value = frame < c->h.near_end ? c->near[frame % RING] : 0;
    if (c->h.echo_gain_q15) {
        unsigned __int128 fine = (unsigned __int128)frame * 1000000 * 65536 / (uint64_t)(1000000 + c->h.microphone_ppm);
        int64_t whole = (int64_t)(fine >> 16) - c->h.echo_delay, part = (int64_t)(fine & 65535);
        int64_t echo = sounding(c, whole) * (65536 - part) + (part ? sounding(c, whole + 1) * part : 0);
        value += (echo >> 16) * c->h.echo_gain_q15 >> 15;
    }
    return (int16_t)(value > 32767 ? 32767 : value < -32768 ? -32768 : value);
}

/* The timer fires when a period is ready, exactly as an interrupt would; while stalled it only looks again. */
static void arm(struct device *d)
{
    struct itimerspec when = {0};
    uint64_t ready = MOVED(d) + d->io.period_size, ahead = OUTPUT(&d->io) ? d->io.buffer_size : 0;
    uint64_t ns = 1; /* at once */
    if (d->running && d->card->h.stalled)
        ns = now_ns() + SECOND / 100;
    else if (d->running && ready > ahead)
        ns = time_of(d, d->base + ready - ahead);
    when.it_value.tv_sec = (time_t)(ns / SECOND);
    when.it_value.tv_nsec = (long)(ns % SECOND);
    timerfd_settime(d->io.poll_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void hang(const struct device *d)
{
    while (d->card->h.hanging)
        usleep(10000);
}

static int on_prepare(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    if (d->card->h.unplugged)
        return -ENODEV;
    free(d->staged);
    d->staged = calloc(io->buffer_size, sizeof *d->staged);
    d->stood = 0;
    d->running = 0;
    return d->staged ? 0 : -ENOMEM;
}

static int on_start(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    if (d->card->h.unplugged)
        return -ENODEV;
    d->base = frame_now(d);
    d->running = 1;
    d->broken = 0;
    if (OUTPUT(io)) {
        record(d->card, d->held, d->base, d->staged, MOVED(d));
        d->card->h.output_starts++;
    } else
        d->card->h.input_starts++;
    return 0;
}

static int on_stop(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    hang(d);
    if (d->running && OUTPUT(io)) {
        uint64_t silent = frame_now(d) + (uint64_t)d->card->h.fifo;
        if (d->card->h.dac_end > silent)
            d->card->h.dac_end = silent;
        d->held = d->card->h.fifo ? d->card->h.dac_end : 0;
        d->card->h.output_drops++;
    } else if (d->running)
        d->card->h.input_drops++;
    d->running = 0;
    return 0;
}

/* The run is over: counted once. */
static void broke(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    *(OUTPUT(io) ? &d->card->h.output_underruns : &d->card->h.input_overruns) += !d->broken;
    d->broken = 1;
}

static snd_pcm_sframes_t on_pointer(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    if (d->card->h.unplugged) { /* no error: alsa-lib would call that an underrun, which a pulled plug is not */
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
        return (snd_pcm_sframes_t)d->stood;
    }
    if (d->running && (OUTPUT(io) ? elapsed(d) > MOVED(d) : room(d) > (int64_t)io->buffer_size)) {
        broke(io);
        return -EPIPE;
    }
    return (snd_pcm_sframes_t)elapsed(d);
}

static void put(char *at, int16_t value, int wide)
{
    if (wide)
        *(int32_t *)at = (int32_t)value * 65536;
    else
        *(int16_t *)at = value;
}

static snd_pcm_sframes_t on_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *area, snd_pcm_uframes_t offset,
                                     snd_pcm_uframes_t count)
{
    struct device *d = DEVICE(io);
    int wide = io->format == SND_PCM_FORMAT_S32_LE;
    size_t step = area->step / 8, sample = area->step / 8 / io->channels;
    char *at = (char *)area->addr + area->first / 8 + step * offset;
    if (d->card->h.unplugged)
        return -ENODEV;
    /* alsa-lib may ask for the same capture frames again: what lies where depends on the position alone */
    uint64_t position = MOVED(d);
    if (OUTPUT(io)) { /* the loudspeaker is mono: it plays the first channel */
        for (snd_pcm_uframes_t i = 0; i < count; i++) {
            char *p = at + i * step;
            int16_t value = wide ? (int16_t)(*(int32_t *)p >> 16) : *(int16_t *)p;
            if (d->running)
                record(d->card, d->held, d->base + position + i, &value, 1);
            else if (position + i < io->buffer_size)
                d->staged[position + i] = value;
        }
    } else
        for (snd_pcm_uframes_t i = 0; i < count; i++)
            for (unsigned ch = 0; ch < io->channels; ch++)
                put(at + i * step + ch * sample, heard(d->card, d->base + position + i), wide);
    return (snd_pcm_sframes_t)count;
}

static int on_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *delay)
{
    struct device *d = DEVICE(io);
    *delay = OUTPUT(io) ? (snd_pcm_sframes_t)(MOVED(d) - elapsed(d)) : (snd_pcm_sframes_t)room(d);
    return 0;
}

static int on_poll_descriptors(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned space)
{
    arm(DEVICE(io));
    if (space)
        *fds = (struct pollfd){.fd = io->poll_fd, .events = POLLIN | POLLERR | POLLNVAL};
    return space > 0;
}

static int on_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned count, unsigned short *events)
{
    struct device *d = DEVICE(io);
    unsigned short ready = OUTPUT(io) ? POLLOUT : POLLIN;
    (void)fds, (void)count;
    *events = 0;
    if (d->card->h.unplugged) {
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
        *events = POLLERR | POLLHUP;
    } else if (d->running && room(d) > (int64_t)io->buffer_size) {
        broke(io); /* before the error, as the kernel does: a program that waits is told EPIPE by it, and EIO without */
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_XRUN);
        *events = ready | POLLERR;
    } else if (room(d) >= (int64_t)io->period_size && !d->card->h.stalled)
        *events = ready;
    else
        arm(d);
    return 0;
}

static int on_drain(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    if (!d->running && MOVED(d))
        on_start(io);
    while (!d->card->h.unplugged && elapsed(d) < MOVED(d))
        usleep(500);
    return 0;
}

static int on_close(snd_pcm_ioplug_t *io)
{
    struct device *d = DEVICE(io);
    on_stop(io);
    close(io->poll_fd);
    close(d->fd);
    munmap((void *)d->card, sizeof *d->card);
    free(d->staged);
    free(d);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .prepare = on_prepare, .start = on_start, .stop = on_stop, .pointer = on_pointer, .transfer = on_transfer,
    .delay = on_delay, .drain = on_drain, .close = on_close,
    .poll_descriptors = on_poll_descriptors, .poll_revents = on_poll_revents,
};

/* What the card can do; the rest is alsa-lib's business. */
static int constrain(struct device *d)
{
    const volatile struct header *h = &d->card->h;
    unsigned access[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED};
    unsigned format[] = {h->wide ? SND_PCM_FORMAT_S32_LE : SND_PCM_FORMAT_S16_LE};
    unsigned sample = h->wide ? 4 : 2;
    snd_pcm_ioplug_t *io = &d->io;
    unsigned small = 32 * sample * h->channels_min, large = 4096 * sample * h->channels_max; /* 32 to 4096 frames */
    int err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
    err = err ? err : snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
    err = err ? err : snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, h->channels_min, h->channels_max);
    err = err ? err : snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, h->rate, h->rate);
    err = err ? err : snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, small, large);
    return err ? err : snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 32);
}

static volatile struct card *map_card(const char *path, int *fd)
{
    struct stat about;
    void *at = MAP_FAILED;
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd >= 0 && !fstat(*fd, &about) && (size_t)about.st_size == sizeof(struct card))
        at = mmap(NULL, sizeof(struct card), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (at == MAP_FAILED && *fd >= 0)
        close(*fd);
    return at == MAP_FAILED ? NULL : at;
}

/* Takes the direction for this opener alone: byte 0 of the file is the lock of the loudspeaker, byte 1 the microphone's. A
 * lock of the open file, not of the process: a second opener in the same process is refused as well, and whoever is killed
 * lets go, as with a kernel's driver. */
static int taken(int fd, snd_pcm_stream_t stream)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    lock.l_start = stream == SND_PCM_STREAM_PLAYBACK ? 0 : 1;
    return fcntl(fd, F_OFD_SETLK, &lock) ? -EBUSY : 0;
}

static int refused(const volatile struct header *h, int fd, snd_pcm_stream_t stream)
{
    if (h->refusal || h->unplugged)
        return h->refusal ? -h->refusal : -ENODEV;
    return h->exclusive ? taken(fd, stream) : 0;
}

static int open_device(snd_pcm_t **pcm, const char *name, const char *path, snd_pcm_stream_t stream, int mode)
{
    int fd, err;
    volatile struct card *card = map_card(path, &fd);
    struct device *d;
    if (!card)
        return -ENODEV;
    if ((err = refused(&card->h, fd, stream))) {
        SNDERR("open '%s' failed (%d): %s", path, err, strerror(-err));
        munmap((void *)card, sizeof *card);
        close(fd);
        return err;
    }
    err = -ENOMEM;
    if ((d = calloc(1, sizeof *d))) {
        d->card = card;
        d->fd = fd;
        d->io.version = SND_PCM_IOPLUG_VERSION;
        d->io.name = "Simulated card";
        d->io.callback = &callbacks;
        d->io.private_data = d;
        d->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC | SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
        d->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
        d->io.poll_events = POLLIN;
        if (!(err = snd_pcm_ioplug_create(&d->io, name, stream, mode))) {
            if ((err = constrain(d)))
                snd_pcm_ioplug_delete(&d->io); /* closes through on_close */
            else
                *pcm = d->io.pcm;
            return err;
        }
        close(d->io.poll_fd);
        free(d);
    }
    munmap((void *)card, sizeof *card);
    close(fd);
    return err;
}

SND_PCM_PLUGIN_DEFINE_FUNC(simcard)
{
    snd_config_iterator_t i, next;
    const char *file = NULL, *only = NULL;
    (void)root;
    snd_config_for_each(i, next, conf)
    {
        snd_config_t *entry = snd_config_iterator_entry(i);
        const char *id;
        if (snd_config_get_id(entry, &id) < 0 || !strcmp(id, "type") || !strcmp(id, "hint") || !strcmp(id, "comment"))
            continue;
        if (!strcmp(id, "file") ? !snd_config_get_string(entry, &file)
                                : !strcmp(id, "only") && !snd_config_get_string(entry, &only))
            continue;
        SNDERR("simcard: unknown field %s", id);
        return -EINVAL;
    }
    if (!file)
        return -EINVAL;
    if (only && strcmp(only, stream == SND_PCM_STREAM_PLAYBACK ? "playback" : "capture"))
        return -ENODEV; /* a card with one direction */
    return open_device(pcmp, name, file, stream, mode);
}

SND_PCM_PLUGIN_SYMBOL(simcard);
