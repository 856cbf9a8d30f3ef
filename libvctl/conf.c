// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configuration files of vservers: the shell's grammar of assignments, of which nothing is run. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf_value.h"

#define END		(-1)
#define ADVICE_QUOTE	"put the value in quotes if it is meant as it is"
#define ADVICE_LINES	"a line is KEY=value, or begins with # for a comment"

struct scan {
	struct vctl_conf_place place;
	const char *text;
	size_t length;
	size_t at;
	char *word;		/* the key or value that is read; has room for all of @text */
	size_t used;
	const char *before;	/* the key in front of this word, on the same line; or NULL */
	bool bare;		/* with nothing behind its = */
};

static int current(const struct scan *scan)
{
	return scan->at < scan->length ? (unsigned char)scan->text[scan->at] : END;
}

/* The next byte, behind lines that are continued: outside of single quotes and comments. */
static int peek(struct scan *scan)
{
	while (scan->length - scan->at >= 2 && memcmp(scan->text + scan->at, "\\\n", 2) == 0) {
		scan->at += 2;
		scan->place.line++;
	}

	return current(scan);
}

static bool is_blank(int byte)
{
	return byte == ' ' || byte == '\t';
}

static bool ends_word(int byte)
{
	return byte == END || byte == '\n' || byte == ';' || is_blank(byte);
}

static int refuse_at(struct scan *scan, int line, const char *advice, const char *why)
{
	struct vctl_conf_place place = scan->place;

	place.line = line;
	return vctl_conf_refuse(&place, advice, "%s", why);
}

/* How many bytes the character of more than one has that begins here; 0: it is none of UTF-8. */
static size_t character_length(const unsigned char *text, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t count = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint32_t character;

	if (text[0] < 0xc0 || text[0] > 0xf7 || count > length)
		return 0;

	character = text[0] & (0x7fU >> count);
	for (size_t i = 1; i < count; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (text[i] & 0x3f);
	}
	if (character < least[count] || character > 0x10ffff || character >> 11 == 0xd800 >> 11)
		return 0;

	return count;
}

/* Those of Unicode, too: terminals obey them. */
static bool is_control(const unsigned char *text, size_t count)
{
	if (count == 2)
		return text[0] == 0xc2 && text[1] < 0xa0;

	return (*text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f;
}

/* The character here becomes part of the word. */
static int take(struct scan *scan)
{
	const unsigned char *text = (const unsigned char *)scan->text + scan->at;
	size_t count = 1;

	if (*text == '\n')
		scan->place.line++;
	if (*text >= 0x80)
		count = character_length(text, scan->length - scan->at);
	if (count == 0)
		return vctl_conf_refuse(&scan->place, "save the file as UTF-8",
					"the byte 0x%02x is none of UTF-8", *text);
	if (is_control(text, count))
		return vctl_conf_refuse(&scan->place, "take it out",
					"there is a control character (0x%02x)", text[count - 1]);

	memcpy(scan->word + scan->used, text, count);
	scan->used += count;
	scan->at += count;
	return 0;
}

/* What a shell would not take for a plain character, outside of quotes; 0: it would. */
static int refuse_special(struct scan *scan, int byte, bool quoted)
{
	if (byte == '$' || byte == '`')
		return vctl_conf_refuse(&scan->place,
					"write it in single quotes if it is meant as it is",
					"a shell would expand what begins with %c here", byte);
	if (!quoted && byte == '(' && scan->used == 0)
		return vctl_conf_refuse(&scan->place, "write lists as KEY=\"one two\"",
					"there are no arrays");
	if (!quoted && byte != END && strchr("()<>&|", byte))
		return vctl_conf_refuse(&scan->place, ADVICE_QUOTE,
					"%c is a command's, and here nothing is run", byte);

	return 0;
}

static int scan_single(struct scan *scan)
{
	int begin = scan->place.line, result = 0;

	scan->at++;
	while (result == 0 && current(scan) != END && current(scan) != '\'')
		result = take(scan);
	if (result == 0 && current(scan) == END)
		return refuse_at(scan, begin, "write a ' at its end",
				 "the single quote that begins here has no end");

	scan->at++;
	return result;
}

static int scan_double(struct scan *scan)
{
	int begin = scan->place.line, result = 0, byte;

	scan->at++;
	while (result == 0 && (byte = peek(scan)) != '"' && byte != END) {
		if (byte == '\\' && scan->length - scan->at >= 2 &&
		    memchr("\"\\$`", scan->text[scan->at + 1], 4)) {
			scan->at++;
			result = take(scan);
			continue;
		}
		result = refuse_special(scan, byte, true);
		if (result == 0)
			result = take(scan);
	}
	if (result == 0 && byte == END)
		return refuse_at(scan, begin, "write a \" at its end",
				 "the double quote that begins here has no end");

	scan->at++;
	return result;
}

static int scan_escaped(struct scan *scan)
{
	scan->at++;
	if (current(scan) == END)
		return vctl_conf_refuse(&scan->place, "take it out",
					"there is nothing behind the backslash");
	return take(scan);
}

/* A plain character.  In front, and behind a colon, ~ is none. */
static int scan_plain(struct scan *scan, int byte, bool home)
{
	int result = refuse_special(scan, byte, false);

	if (result == 0 && home && byte == '~')
		result = vctl_conf_refuse(&scan->place, ADVICE_QUOTE,
					  "a shell would expand ~ here");
	return result < 0 ? result : take(scan);
}

static int scan_value(struct scan *scan)
{
	size_t begin = scan->at;
	bool home = true;
	int byte, result = 0;

	scan->used = 0;
	while (result == 0 && !ends_word(byte = peek(scan))) {
		if (byte == '\'')
			result = scan_single(scan);
		else if (byte == '"')
			result = scan_double(scan);
		else if (byte == '\\')
			result = scan_escaped(scan);
		else
			result = scan_plain(scan, byte, home);
		home = byte == ':';
	}

	scan->word[scan->used] = '\0';
	scan->bare = scan->at == begin;
	return result;
}

static int refuse_command(struct scan *scan)
{
	static const char *const needless[] = { "export", "declare", "typeset", "readonly",
						"local", NULL };
	const char *word = scan->word;
	char shown[CONF_SHOWN], advice[CONF_SHOWN];

	vctl_conf_shown(word, shown);
	for (size_t i = 0; needless[i]; i++) {
		if (strcmp(word, needless[i]) == 0)
			return vctl_conf_refuse(&scan->place, "leave it out: KEY=value is enough",
						"%s is a command, and here nothing is run", shown);
	}
	if (strcmp(word, ".") == 0 || strcmp(word, "source") == 0)
		return vctl_conf_refuse(&scan->place, "write here what is in it",
					"no other file is read");
	if (scan->before && scan->bare)
		return vctl_conf_refuse(&scan->place, "write KEY=value without blanks",
					"there is a blank behind the = of %s", scan->before);
	if (scan->before) {
		snprintf(advice, sizeof(advice), "write %s=\"...\"", scan->before);
		return vctl_conf_refuse(&scan->place, advice,
					"behind the value of %s there is %s", scan->before, shown);
	}

	return vctl_conf_refuse(&scan->place, ADVICE_LINES, "%s is not of the form KEY=value",
				shown);
}

/* The word has ended, and not at a =. */
static int refuse_word(struct scan *scan)
{
	char shown[CONF_SHOWN];

	while (is_blank(peek(scan)))
		scan->at++;
	if (current(scan) == '=')
		return vctl_conf_refuse(&scan->place, "write KEY=value without blanks",
					"there is a blank in front of the = of %s",
					vctl_conf_shown(scan->word, shown));

	return refuse_command(scan);
}

static int scan_key(struct scan *scan)
{
	int byte, result = 0;

	scan->place.key = NULL;
	scan->used = 0;
	while (result == 0 && (byte = peek(scan)) != '=' && !ends_word(byte)) {
		if (strchr("'\"\\", byte))
			return vctl_conf_refuse(&scan->place, ADVICE_LINES,
						"in front of a = there are no quotes");
		result = refuse_special(scan, byte, false);
		if (result == 0)
			result = take(scan);
	}
	if (result < 0)
		return result;

	scan->word[scan->used] = '\0';
	if (byte != '=')
		return refuse_word(scan);
	if (scan->used == 0)
		return vctl_conf_refuse(&scan->place, ADVICE_LINES,
					"there is no key in front of the =");
	if (scan->word[scan->used - 1] == '+')
		return vctl_conf_refuse(&scan->place, "write all of the value behind one KEY=",
					"nothing is added to a value by +=");

	scan->at++;
	scan->place.key = vctl_conf_key(scan->word);
	return scan->place.key ? 0 : vctl_conf_bad_key(&scan->place, scan->word);
}

static int scan_assignment(struct scan *scan, vctl_conf_assign *assign, void *data)
{
	struct vctl_conf_place place;
	size_t begin = scan->at;
	int result = scan_key(scan);

	if (result < 0)
		return result;

	place = scan->place;
	result = scan_value(scan);
	if (result < 0)
		return result;

	place.begin = begin;
	place.end = scan->at;
	scan->before = place.key;
	return assign(data, &place, scan->word);
}

static void skip_comment(struct scan *scan)
{
	while (current(scan) != END && current(scan) != '\n')
		scan->at++;
}

static int scan_words(struct scan *scan, vctl_conf_assign *assign, void *data)
{
	int byte, result = 0;

	while (result == 0 && (byte = peek(scan)) != END) {
		if (byte == '#') {
			skip_comment(scan);
		} else if (byte == ';' && !scan->before) {
			scan->place.key = NULL;
			return vctl_conf_refuse(&scan->place, "take it out",
						"there is nothing in front of the ;");
		} else if (byte == '\n' || byte == ';') {
			scan->place.line += byte == '\n';
			scan->before = NULL;
			scan->at++;
		} else if (is_blank(byte)) {
			scan->at++;
		} else {
			result = scan_assignment(scan, assign, data);
		}
	}

	return result;
}

/* What is wrong wherever it is, in comments too. */
static int check_bytes(struct scan *scan)
{
	const char *text = scan->text;
	int line = 1;

	if (scan->length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return refuse_at(scan, 1, "save it without", "it begins with a byte order mark");

	for (size_t i = 0; i < scan->length; i++) {
		bool last = i + 1 == scan->length || text[i + 1] == '\n';

		if (text[i] == '\0')
			return refuse_at(scan, line, "this is no text file",
					 "there is a NUL byte");
		if (text[i] == '\r' && last)
			return refuse_at(scan, line, "save it with those of Unix: dos2unix does it",
					 "the line has the end of a Windows line");
		line += text[i] == '\n';
	}

	return 0;
}

int vctl_conf_scan(const char *path, const char *text, size_t length, vctl_conf_assign *assign,
		   void *data, struct vctl_error **err)
{
	auto_free char *word = NULL;
	struct scan scan = { .place = { .path = path, .err = err }, .text = text,
			     .length = length };
	int result;

	if (length > CONF_SIZE_MAX)
		return vctl_conf_refuse(&scan.place, "is this the right file?",
					"it has more than one MiB");
	result = check_bytes(&scan);
	if (result < 0)
		return result;
	word = malloc(length + 1);
	if (!word)
		return vctl_conf_no_memory(&scan.place);

	scan.word = word;
	scan.place.line = 1;
	return scan_words(&scan, assign, data);
}

static int assign_draft(void *data, const struct vctl_conf_place *place, const char *value)
{
	return vctl_conf_set(data, place, value);
}

int vctl_conf_parse(const char *path, const char *text, size_t length, struct vctl_conf **conf,
		    struct vctl_error **err)
{
	__attribute__((cleanup(vctl_conf_draft_clear))) struct vctl_conf_draft draft = { 0 };
	struct vctl_conf_place place = { .path = path, .err = err };
	int result = vctl_conf_draft_init(&draft, &place);

	*conf = NULL;
	if (result == 0)
		result = vctl_conf_scan(path, text, length, assign_draft, &draft, err);
	if (result == 0)
		result = vctl_conf_finish(&draft, &place);
	if (result < 0)
		return result;

	*conf = draft.conf;
	draft.conf = NULL;
	return 0;
}

/* The name of the vserver whose file this is; 0 bytes: it is called otherwise. */
static size_t name_of(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	size_t length;

	*name = slash ? slash + 1 : path;
	length = strlen(*name);
	return length > 5 && strcmp(*name + length - 5, ".conf") == 0 ? length - 5 : 0;
}

static int no_vserver(const char *path, struct vctl_error **err)
{
	const char *name;
	char what[VCTL_NAME_MAX + 16], advice[VCTL_NAME_MAX + 64];
	int length = (int)name_of(path, &name);

	if (length == 0 || length > VCTL_NAME_MAX)
		return vctl_error_set(err, VCTL_NO_VSERVER, ENOENT, path,
				      "there is no such vserver", "vserver NAME build makes one");

	snprintf(what, sizeof(what), "vserver %.*s", length, name);
	snprintf(advice, sizeof(advice), "vserver %.*s build makes it", length, name);
	return vctl_error_set(err, VCTL_NO_VSERVER, ENOENT, what, "there is no such vserver",
			      advice);
}

/* Up to one byte more than there may be. */
static int read_text(int fd, const char *path, char *text, size_t *length, struct vctl_error **err)
{
	ssize_t count = 1;

	*length = 0;
	while (count > 0 && *length <= CONF_SIZE_MAX) {
		count = read(fd, text + *length, CONF_SIZE_MAX + 1 - *length);
		if (count < 0 && errno == EINTR)
			count = 1;
		else if (count < 0)
			return vctl_error_set(err, VCTL_SYSTEM, errno, path, NULL, NULL);
		else
			*length += (size_t)count;
	}

	return 0;
}

int vctl_conf_load(const char *path, char **text, size_t *length, struct stat *stat,
		   struct vctl_error **err)
{
	/* A pipe in its place must not make us wait, nor a terminal become ours. */
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct vctl_conf_place place = { .path = path, .err = err };
	int result;

	*text = NULL;
	if (fd < 0 && errno == ENOENT)
		return no_vserver(path, err);
	if (fd < 0 || fstat(fd, stat) < 0)
		return vctl_error_set(err, VCTL_SYSTEM, errno, path, NULL, NULL);
	if (!S_ISREG(stat->st_mode))
		return vctl_conf_refuse(&place, NULL, "it is not a regular file");

	/* One byte to tell that it is too long, and one for who wants to end it with NUL. */
	*text = malloc(CONF_SIZE_MAX + 2);
	if (!*text)
		return vctl_conf_no_memory(&place);
	result = read_text(fd, path, *text, length, err);
	if (result < 0) {
		free(*text);
		*text = NULL;
	}
	return result;
}

int vctl_conf_read(const char *path, struct vctl_conf **conf, struct vctl_error **err)
{
	auto_free char *text = NULL;
	struct stat stat;
	size_t length;
	int result;

	*conf = NULL;
	result = vctl_conf_load(path, &text, &length, &stat, err);
	return result < 0 ? result : vctl_conf_parse(path, text, length, conf, err);
}
