"""The XML inside the strings."""

from datetime import datetime
from decimal import Decimal

import pytest
from lxml import etree

from fake_every8d.calls import Advice
from fake_every8d.gateway import TAIPEI, DeliveryLog, Message, Recipient, Reply, Status
from fake_every8d.soap import documents

NOON = datetime(2040, 3, 1, 12, tzinfo=TAIPEI)


def a_message(
    name: str = "",
    to: str = "+886912345678",
    booked_for: datetime | None = None,
    sent_at: datetime | None = NOON,
    replies: tuple[Reply, ...] = (),
) -> Message:
    return Message(
        id=1, user_id="demo", batch_id="b", record_number="1", to=to, text="hello",
        subject="", name=name, email="", status=Status.SENT, cost=Decimal(1), pieces=1,
        accepted_at=NOON, booked_for=booked_for, sent_at=sent_at, finished_at=None,
        replies=replies,
    )  # fmt: skip


def the_log(message: Message, *, pad_mobile: bool = False) -> str:
    return documents.delivery_log(DeliveryLog(1, [message]), pad_mobile=pad_mobile)


def test_d4_the_log_is_compact_and_in_the_documents_order() -> None:
    reply = Reply("好的", datetime(2040, 3, 2, 9, 5, 7, tzinfo=TAIPEI))
    assert the_log(a_message("Roger", replies=(reply,))) == (
        '<?xml version="1.0" encoding="utf-8"?><SMS_LOG><CODE>0</CODE>'
        "<DESCRIPTION>發送狀態查詢成功</DESCRIPTION>"
        '<GET_DELIVERY_STATUS COUNT="1"><SMS><NAME>Roger</NAME>'
        "<MOBILE>+886912345678</MOBILE><SENT_TIME>2040/03/01 12:00:00</SENT_TIME>"
        "<COST>1.00</COST><STATUS>0</STATUS>"
        "<REPLY_SMS><REPLY_TIME>2040/03/02 09:05:07</REPLY_TIME>"
        "<MESSAGE><![CDATA[好的]]></MESSAGE></REPLY_SMS></SMS>"
        "</GET_DELIVERY_STATUS></SMS_LOG>"
    )


def test_d4_sent_time_of_a_booking_is_when_it_is_due() -> None:
    due = datetime(2041, 12, 31, 23, 59, 58, tzinfo=TAIPEI)
    message = a_message(booked_for=due, sent_at=None)
    assert "<SENT_TIME>2041/12/31 23:59:58</SENT_TIME>" in the_log(message)


def test_d4_sent_time_of_a_refused_record_is_when_it_came() -> None:
    assert "<SENT_TIME>2040/03/01 12:00:00</SENT_TIME>" in the_log(a_message(sent_at=None))


@pytest.mark.parametrize("text", ["]]>", "a]]>b]]>c", "]]]]>>", "<&>", "]]", "👍\t\n好"])
def test_d4_a_reply_may_hold_the_end_of_cdata(text: str) -> None:
    log = the_log(a_message(replies=(Reply(text, NOON),)))
    assert etree.fromstring(log.encode()).findtext(".//MESSAGE") == text


def test_d7_mobile_is_padded_to_20_when_asked() -> None:
    assert "<MOBILE>+886912345678       </MOBILE>" in the_log(a_message(), pad_mobile=True)


def test_d4_a_name_is_escaped() -> None:
    assert "<NAME>A &amp; B &lt;c&gt;&#xD;</NAME>" in the_log(a_message("A & B <c>\r"))


def test_s6_attributes_may_be_absent() -> None:
    assert documents.recipients("<REPS><USER>hi</USER></REPS>", Advice()) == [Recipient("", "hi")]


def test_s6_every_attribute_is_read() -> None:
    (recipient,) = documents.recipients(
        '<REPS><USER NAME="N" MOBILE="M" EMAIL="E" SENDTIME="T" MR="R">c</USER></REPS>',
        Advice(),
    )
    assert recipient == Recipient("M", "c", "N", "E", "T", "R")


@pytest.mark.parametrize(
    ("inside", "content"),
    [
        (" two  blanks ", " two  blanks "),
        ("\n  a\n", "\n  a\n"),
        ("<![CDATA[<b>&amp;</b>]]>", "<b>&amp;</b>"),
        ("a<![CDATA[b]]>c<![CDATA[ d]]>", "abc d"),
        ("&lt;b&gt; &amp; &#39640;", "<b> & 高"),
        ("a<!-- no -->b<?no no?>c", "abc"),
        ("a<b>b</b>c", "abc"),
        ("", ""),
    ],
)
def test_s6_content_is_what_stands_between_the_tags(inside: str, content: str) -> None:
    (recipient,) = documents.recipients(f"<REPS><USER>{inside}</USER></REPS>", Advice())
    assert recipient.text == content


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-16", "big5", "no-such-encoding"])
def test_s6_a_declaration_may_name_any_encoding(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?><REPS><USER>高雄</USER></REPS>'
    assert documents.recipients(declared, Advice()) == [Recipient("", "高雄")]


def test_s6_only_users_directly_below_reps_count() -> None:
    content_xml = "<REPS><X><USER>a</USER></X><USER>b</USER><user>c</user></REPS>"
    assert documents.recipients(content_xml, Advice()) == [Recipient("", "b")]


def test_s6_no_user_is_no_recipient() -> None:
    assert documents.recipients("<REPS/>", Advice()) == []


@pytest.mark.parametrize(
    ("content_xml", "where"),
    [
        ("", "line 1, column 1"),
        ("hello", "line 1, column 1"),
        ("<REPS>\n<USER>a & b</USER></REPS>", "line 2, column 10"),
        ("<REPS>\n<USER></REPS>", "line 2, column 9"),
        ("<REPS><USER>&nbsp;</USER></REPS>", "undefined entity: line 1, column 13"),
        ("<REP><USER/></REP>", "<REP>, where <REPS> was expected"),
        ('<REPS xmlns="urn:x"/>', "<{urn:x}REPS>, where <REPS> was expected"),
        ("<!DOCTYPE REPS><REPS/>", "DOCTYPE"),
        ('<!DOCTYPE REPS [<!ENTITY e "x">]><REPS><USER>&e;</USER></REPS>', "DOCTYPE"),
        ("<REPS>" + "<a>" * 1000, "more than 1000 elements are open"),
    ],
)
def test_s6_says_where_it_breaks(content_xml: str, where: str) -> None:
    with pytest.raises(documents.RepsError) as caught:
        documents.recipients(content_xml, Advice())
    assert where in str(caught.value)
