"""docs/doctor.md: all that can be amber or red, what it means and what to do, from the table that finds it."""

from collections.abc import Iterator
from typing import Final

from broker.ailments import AILMENTS
from broker.contract.messages import DeviceState, Language
from broker.contract.texts import texts

from .tables import NOTE, header, row

_ENGLISH: Final = """\
# What is broken? `hallcall doctor`

    hallcall doctor                  this box: files, machine, broker, its programs and their devices
    hallcall doctor --hall           the whole hall, on the dispatcher's box (elsewhere with --config desk.toml)
    hallcall doctor --hall --test    tries all devices while the hall works: slips, signs, pads, keypads, boards, voice;
                                     one program's with --node kiosk-1, one device's with --device printer as well,
                                     with --press 20 somebody has 20 seconds for a key of each pad and keypad
    hallcall doctor --live           on this box, as root: stop each program, try printer, keys, signs and speech
                                     by hand, start it again
    hallcall doctor --config FILE    one program's file, on any machine
    hallcall doctor --report FILE    writes a ZIP to send to support as well; --hall too
    hallcall warnings --days 30      what went wrong on the boxes, on the dispatcher's box

`--lang zh` or `en`; `--json` for programs. It ends with 0 when all is well, 1 when something is to be looked at
(amber), 2 when something is broken (red). It changes nothing and takes seconds; without the broker it tells what it
can.

A program that runs is not disturbed: its devices are told by the hall (`--hall`). One that does not run tests its own
devices at once; a kiosk prints a test slip then.

**Tests while the hall works** (`--hall --test`; `hallcall order TestDevice node=kiosk-1`) are made by the programs
themselves, node after node, in about four seconds a device. Nothing is tried where a customer is: a kiosk prints only
from its home page, a window has nobody at it, a board no fresh call, a voice nothing to say; else that device is told
as busy. A call that comes meanwhile ends the test. A key pressed for a test does nothing else. Signs show 8888, boards
and voices say that this is a test; whether it is seen and heard, somebody has to look. All of it stands in the journal.
What no program can try while it runs (touch screen, scanners, each single key) is tried with `--live`.

**On a screen.** Touch a kiosk's upper left corner five times within three seconds; on a board press OK five times on a
remote or keyboard. Then the technician's PIN (`hallcall hall init` shows it once, `hallcall pin` makes another)
shows what this box's keeper found here and hears of the hall, the worst first, with what to do, and a code of the short
report to photograph. It leaves by itself after a minute; five wrong PINs cost a minute, then two, up to an hour, and a
restart does not help.
[Picture](pictures/deploy/technician-kiosk-en.png)

**The report** holds what was found, the boxes' figures, each program's presence, the last warnings, and the node files
without their secrets; of hall.toml only how many services, counters and clerks there are. Journals, notes, PINs, cards,
keys and passwords are never opened. What programs and kernel have written goes through a filter before it leaves a box:
numbers of seven digits and more, addresses of mail, hashes of persons, quoted text and all Chinese text are struck.

A box's keeper sends its figures every ten seconds, and the lines of its journal that somebody should know of; cut off,
it keeps the newest 500 and tells them later. The registrar keeps thirty days of them. `×9` is nine within an hour.
Wear is told of eMMC and of cards that say it. NVMe and SATA drives say it to CAP_SYS_ADMIN and CAP_SYS_RAWIO only, and
no unit of ours has these; a hall writes too little to wear out an SSD, and one that fails is known by its errors.
What devices ail is said by their drivers, in English, and shown in the reader's language (broker/reasons.py).
"""
_CHINESE: Final = """\
# 哪里坏了？`hallcall doctor`

    hallcall doctor                  本机：配置文件、主机、消息服务器、各程序及其设备
    hallcall doctor --hall           整个营业厅，在调度主机上运行（其他机器加 --config desk.toml）
    hallcall doctor --hall --test    营业时测试全部设备：测试票、窗口屏、呼叫器、评价器、大屏、语音；
                                     只测一个程序加 --node kiosk-1，只测一个设备再加 --device printer；
                                     有人到窗口按键时加 --press 20，每个呼叫器、评价器等 20 秒
    hallcall doctor --live           本机，需 root：逐个停下程序，现场测试打印机、按键、窗口屏和语音，然后重新启动
    hallcall doctor --config 文件    任意机器上只检查一个程序的文件
    hallcall doctor --report 文件    另存一个 ZIP 发给技术支持；可与 --hall 同用
    hallcall warnings --days 30      各主机出过什么问题，在调度主机上运行

`--lang zh` 或 `en` 选择语言，`--json` 供程序读取。退出码：0 一切正常，1 有需要留意之处（黄），2 有故障（红）。
检查不做任何改动，几秒钟完成；消息服务器不在时，能查的照样查。

正在运行的程序不会被打扰：设备情况见 `--hall`。没有运行的程序会立即自检，取号机此时会打印一张测试票。

**营业时测试**（`--hall --test`，或 `hallcall order TestDevice node=kiosk-1`）由各程序自己做，
一台接一台，每个设备约四秒。有客户的地方不测：取号机只在首页打印，窗口无人，大屏没有刚叫的号，语音没有要播的；否则该设备报“正在接待客户”。
测试中来了叫号，测试立即结束。为测试按的键不起别的作用。窗口屏显示 8888，大屏和语音说明这是测试；
是否看得见、听得到，要有人去看。测试都记入流水。程序运行时测不了的（触摸屏、扫码器、每一个键）用 `--live` 测。

**在屏幕上**：取号机左上角三秒内连点五下；大屏用遥控器或键盘连按五次 OK（确定）。再输入技术员 PIN（`hallcall hall init`
显示一次，`hallcall pin` 可另写一个），就能看到本机看护程序查到的和听到的全厅情况，最严重的在前，并写明怎么处理；
右边的码是简短报告，拍下来发给技术支持。一分钟无人触摸自动退出；输错五次要等一分钟，以后两分钟、四分钟，最多一小时，重新启动也一样。
[图片](pictures/deploy/technician-kiosk-zh.png)

**报告**包含检查结果、主机数据、各程序的状态、最近的警告，以及去掉密钥的配置文件；hall.toml 只写业务、窗口和人员的数量。
流水、备注、PIN、工卡、密钥和口令一概不打开。程序和内核写下的文字在离开主机前都会过滤：七位及以上的数字、邮箱、人员散列值、
引号内的文字和全部中文都会删去。

看护程序每十秒上报一次主机数据，以及日志中应当知道的内容；断网时保留最新 500 条，恢复后补报。登记程序保存三十天。
`×9` 表示一小时内出现九次。
eMMC 和能报告磨损的卡会显示磨损。NVMe 和 SATA 盘只对 CAP_SYS_ADMIN、CAP_SYS_RAWIO 报告，本系统的程序都没有这样的权限；
营业厅的写入量不足以磨坏固态盘，盘坏时可由读写错误发现。
设备的问题由驱动以英文说出，按读者的语言显示（broker/reasons.py）。
"""
_HEADS: Final = {
    Language.EN: ("## Amber and red", "what is said", "what to do"),
    Language.ZH: ("## 黄色与红色", "提示", "处理方法"),
}
_LIGHTS: Final = {
    Language.EN: {DeviceState.WARNING: "amber", DeviceState.FAULT: "**red**"},
    Language.ZH: {DeviceState.WARNING: "黄", DeviceState.FAULT: "**红**"},
}


def page(language: Language) -> str:
    """Return docs/doctor.md or docs/doctor.zh-CN.md."""
    intro = _ENGLISH if language is Language.EN else _CHINESE
    title, *rest = intro.splitlines()
    return "\n".join([title, NOTE, *rest, "", *_tables(language), ""])


def _tables(language: Language) -> Iterator[str]:
    words = texts(language)["doctor"]
    title, says, do = _HEADS[language]
    yield title
    for what, keys in AILMENTS.items():
        wrong = {key: state for key, state in keys.items() if state in _LIGHTS[language]}
        if not wrong:
            continue
        yield from ("", f"### {words[f'what_{what}']}", "", *header("", says, do))
        for key, state in wrong.items():
            yield row(_LIGHTS[language][state], _cell(words[key]), _cell(words[f"{key}_do"]))


def _cell(text: str) -> str:
    """Return a text whose blanks read as blanks."""
    return text.replace("{", "‹").replace("}", "›").replace("|", "\\|")
