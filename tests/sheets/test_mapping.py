"""A sender's own columns: named once on a page, known the next time; those of e-Rad are known from the start."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from aspire.models import ColumnMapping, Upload
from aspire.sheets.mapping import Meaning, translated
from aspire.workbooks.reading import read
from proposals.record.models import Proposal
from tests.doors import insert_by_sql, refused
from tests.factories import NOON, FunderFactory, TermsFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("application")]
ERAD = "KADAI_ID\tKADAI_MEI\tKENKYUSHA_NO\tKENKYUSHA_SHIMEI\tKENKYUKIKAN_MEI\tfield\tfunder\tstarts_on\tends_on"
PERIOD = "quantum\tGB-UKRI\t2024-04-01\t2029-03-31"


@pytest.fixture
def desk(client, officer, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)
    FunderFactory()
    TermsFactory(call__code="IN")
    client.force_login(officer)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def send(desk, *lines, name="file.csv"):
    file = SimpleUploadedFile(name, "\r\n".join(lines).encode())
    return desk.post(reverse("sheets:send", args=["proposals"]), {"file": file, "call": "IN"}, follow=True)


def name_columns(desk, *names, saved_as=""):
    upload = Upload.objects.waiting().get()
    said = {f"column-{place}": name for place, name in enumerate(names)} | {"name": saved_as}
    return desk.post(reverse("sheets:name_columns", args=[upload.pk]), said, follow=True)


def confirm(desk):
    return desk.post(reverse("sheets:confirm", args=[Upload.objects.waiting().get().pk]), follow=True)


def codes(page):
    return [fault.code for fault in page.context["plan"].faults]


def test_a_table_of_e_rad_is_known_and_its_bilingual_titles_are_parted(desk):
    line = f"26000123\t量子網|Quantum nets\t00123456\t青木 花子\t東都大学\t{PERIOD}"

    page = send(desk, ERAD, line, f"26000124\t光格子\t00123457\t佐藤 一郎\t西都大学\t{PERIOD}", name="erad.tsv")
    assert codes(page)[0] == "mapping_recognised"
    confirm(desk)

    assert sorted(Proposal.objects.values_list("title_ja", "title_en", "researcher_number", "erad_project_id")) == [
        ("光格子", "", "00123457", "26000124"),
        ("量子網", "Quantum nets", "00123456", "26000123"),
    ]


def test_a_table_with_japanese_headers_joins_family_and_given_name(desk):
    header = "課題ID,研究開発課題名,研究者番号,氏名漢字（姓）,氏名漢字（名）,研究機関名,部局名"
    header += ",field,funder,starts_on,ends_on"

    send(desk, header, "1,量子網,00123456,青木,花子,東都大学,理学部,quantum,GB-UKRI,2024-04-01,2029-03-31")
    confirm(desk)

    assert Proposal.objects.get().principal_investigator == "青木 花子"


def test_rows_of_fiscal_years_are_folded_into_one_proposal(desk):
    header = f"{ERAD}\tNENDO\tCHOKUSETSU_KEIHI\tKANSETSU_KEIHI"
    first, other = (f"{number}\t{title}\t\t\t\t{PERIOD}" for number, title in (("1", "量子網"), ("2", "光格子")))

    page = send(
        desk,
        header,
        f"{first}\t2024\t10000000\t3000000",
        f"{first}\t2025年度\t5000000\t",
        f"{other}\t2025\t7\t",
        name="years.tsv",
    )
    assert "rows_folded" in codes(page)
    confirm(desk)

    costs = {p.title_ja: list(p.costs.values_list("fiscal_year", "direct_yen", "indirect_yen")) for p in proposals()}
    assert costs == {"量子網": [(2024, 10_000_000, 3_000_000), (2025, 5_000_000, 0)], "光格子": [(2025, 7, 0)]}


def proposals():
    return Proposal.objects.prefetch_related("costs")


@pytest.mark.parametrize(("years", "code"), [(["2024", "令和"], "year_not_read"), (["2024", "2024"], "year_twice")])
def test_a_year_that_cannot_be_folded_blocks_the_file(desk, years, code):
    header = f"{ERAD}\tNENDO\tCHOKUSETSU_KEIHI"

    page = send(desk, header, *(f"1\t量子網\t\t\t\t{PERIOD}\t{year}\t1" for year in years), name="years.tsv")

    assert code in codes(page)
    assert page.context["plan"].is_blocked


OWN = "Vorhaben,Leitung,Bemerkung,field,funder,starts_on,ends_on"
OWN_ROW = "量子網,Aoki Hanako,nichts,quantum,GB-UKRI,2024-04-01,2029-03-31"
OWN_NAMES = ["title_ja", "pi_name", "", "field", "funder", "starts_on", "ends_on"]


def test_columns_are_named_on_the_preview_saved_and_known_the_next_time(desk):
    page = send(desk, OWN, OWN_ROW)
    assert {"column_unknown", "column_missing"} <= {*codes(page)}
    assert [(letter, header, samples) for letter, header, samples, _taken in page.context["columns"]][:2] == [
        ("A", "Vorhaben", ["量子網"]),
        ("B", "Leitung", ["Aoki Hanako"]),
    ]

    page = name_columns(desk, *OWN_NAMES, saved_as="Berlin")
    assert not page.context["plan"].is_blocked, codes(page)
    confirm(desk)
    assert (Proposal.objects.get().title_ja, Proposal.objects.get().principal_investigator) == ("量子網", "Aoki Hanako")
    assert ColumnMapping.objects.get().meaning["headers"]["vorhaben"] == "title_ja"

    page = send(desk, OWN, OWN_ROW.replace("量子網", "光格子"))
    assert codes(page) == ["mapping_recognised"]
    assert "Berlin" in page.content.decode()


def test_a_fault_of_a_mapped_column_stands_where_the_sender_sees_it(desk):
    send(desk, OWN, OWN_ROW.replace("Aoki Hanako", "x" * 101))
    page = name_columns(desk, *OWN_NAMES)

    (fault,) = page.context["plan"].faults
    assert (fault.column, fault.row, fault.header) == ("B", 2, "Leitung")
    copy = desk.get(reverse("sheets:annotated_copy", args=[Upload.objects.get().pk])).content.decode("utf-8-sig")
    assert copy.splitlines()[0].startswith("Vorhaben,Leitung,Bemerkung")


def say(desk, **said):
    upload = Upload.objects.waiting().get()
    page = desk.get(reverse("sheets:preview", args=[upload.pk]))
    taken = {f"column-{place}": column[3] for place, column in enumerate(page.context["columns"])}
    names = {name.replace("__", "-"): value for name, value in said.items()}
    return desk.post(reverse("sheets:name_columns", args=[upload.pk]), taken | names, follow=True)


def test_what_a_table_of_e_rad_does_not_say_is_said_once_for_every_row(desk):
    header = "KADAI_ID\tKADAI_MEI\tKENKYUSHA_NO\tKENKYUSHA_SHIMEI\tKENKYUKIKAN_MEI"
    page = send(desk, header, "1\t量子網\t\t\t", "2\t光格子\t\t\t", name="erad.tsv")
    assert [name for name, *_more in page.context["lacking"]] == ["field", "funder", "starts_on", "ends_on"]

    what = {"every__field": "quantum", "every__funder": "GB-UKRI", "every__starts_on": "令和6年4月1日"}
    page = say(desk, **what, every__ends_on="2029-03-31", every__password="x", name="e-Rad, quantum")
    assert not page.context["plan"].is_blocked, codes(page)
    confirm(desk)

    assert sorted(Proposal.objects.values_list("title_ja", "field__code", "primary_funder__code")) == [
        ("光格子", "quantum", "GB-UKRI"),
        ("量子網", "quantum", "GB-UKRI"),
    ]
    assert ColumnMapping.objects.get().meaning["every_row"]["starts_on"] == "令和6年4月1日"
    page = send(desk, header, "3\t新しい課題\t\t\t", name="erad.tsv")
    assert "e-Rad, quantum" in page.content.decode()
    assert not page.context["plan"].is_blocked


def test_what_is_said_for_every_new_row_changes_no_proposal(desk):
    send(desk, "number,title_ja,field,funder,starts_on,ends_on", ",量子網,quantum,GB-UKRI,2024-04-01,2029-03-31")
    confirm(desk)
    send(desk, "number,title_en", "IN-001,Quanta", ",")

    page = say(desk, every__starts_on="2025-04-01", every__ends_on="2029-03-31")

    (row,) = [row for row in page.context["plan"].rows if row.key == "IN-001"]
    assert row.differences == [["title_en", "", "Quanta"]]


def test_values_of_theirs_are_taken_for_codes_of_ours(desk):
    row = OWN_ROW.replace("quantum", "Quantenphysik").replace("GB-UKRI", "Britain")
    send(desk, OWN, row, row.replace("量子網", "光格子"))
    page = name_columns(desk, *OWN_NAMES)
    assert [(label, theirs) for _place, label, theirs, *_more in page.context["unknown"]] == [
        ("Field", "quantenphysik"),
        ("Primary foreign funder", "britain"),
    ]

    page = say(desk, value__0="quantum", value__1="GB-UKRI", name="Berlin")
    assert not page.context["plan"].is_blocked, codes(page)
    assert page.context["unknown"][0][4] == "quantum"  # and can be said otherwise
    confirm(desk)
    assert {*Proposal.objects.values_list("field__code", flat=True)} == {"quantum"}

    assert not send(desk, OWN, row.replace("量子網", "第三")).context["plan"].is_blocked


def test_a_value_that_is_not_offered_is_passed_over(desk):
    send(desk, OWN, OWN_ROW.replace("quantum", "Quantenphysik"))
    name_columns(desk, *OWN_NAMES)

    assert "code_unknown" in codes(say(desk, value__0="alchemy"))


def test_a_marked_copy_of_a_known_file_is_known_under_its_title(desk):
    ColumnMapping.objects.create(
        kind="proposals",
        name="Berlin",
        meaning={"headers": {"vorhaben": "title_ja", "leitung": "pi_name", "bemerkung": ""}},
        saved_by=UserFactory(),
        saved_at=NOON,
    )

    page = send(desk, "Antragsliste", "", "", f"{OWN},Errors (not read)", f"{OWN_ROW},something was wrong")

    assert {*codes(page)} == {"header_found", "mapping_recognised"}
    assert [row.action for row in page.context["plan"].rows] == ["create"]


def test_saving_under_the_same_name_replaces_what_was_saved(desk):
    send(desk, OWN, OWN_ROW)
    name_columns(desk, *OWN_NAMES, saved_as="Berlin")
    name_columns(desk, "title_en", *OWN_NAMES[1:], saved_as=" Berlin ")

    assert ColumnMapping.objects.get().meaning["headers"]["vorhaben"] == "title_en"


def test_a_column_that_does_not_exist_and_a_name_that_is_not_whole_are_passed_over(desk):
    send(desk, OWN, OWN_ROW)
    name_columns(desk, "password", *OWN_NAMES[1:], saved_as="\ufffd")

    assert "vorhaben" not in Upload.objects.get().meaning["headers"]
    assert not ColumnMapping.objects.exists()


def test_a_mapping_that_does_not_know_every_header_is_not_used(desk):
    ColumnMapping.objects.create(
        kind="proposals",
        name="half",
        meaning={"headers": {"vorhaben": "title_ja"}},
        saved_by=UserFactory(),
        saved_at=NOON,
    )

    assert "mapping_recognised" not in codes(send(desk, OWN, OWN_ROW))


def test_somebody_elses_upload_cannot_be_named(desk, client):
    send(desk, OWN, OWN_ROW)
    client.force_login(UserFactory())

    assert client.post(reverse("sheets:name_columns", args=[Upload.objects.get().pk])).status_code == 404


def test_a_name_stands_once_a_kind():
    person = UserFactory()
    once = {"kind": "proposals", "name": "Berlin", "meaning": {}, "saved_by": person, "saved_at": NOON}
    ColumnMapping.objects.create(**once)

    assert str(ColumnMapping.objects.get()) == "Berlin"
    with refused("mapping_name_once"):
        insert_by_sql(ColumnMapping(**once))


def test_a_row_that_ends_early_is_still_told():
    sheet = read(b"a,b,c\r\n1,2,3\r\n1\r\n", file_name="a.csv")

    under = translated(sheet, Meaning({"a": "title_ja|title_en", "b": "", "c": "yen"}), unnamed=["number"])

    assert [[cell.text for cell in line.cells] for line in under.lines] == [
        ["title_ja", "", "yen", "title_en", "number"],
        ["1", "", "3", "", ""],
        ["1"],
    ]
    assert under.origins[3] == (0, "a")


def test_saved_mappings_are_listed_with_what_they_know_and_forgotten(desk):
    send(
        desk,
        "Vorhaben,Leitung,field,funder,starts_on,ends_on",
        "量子網,青木 花子,quantum,GB-UKRI,2024-04-01,2029-03-31",
    )
    name_columns(desk, "title_ja", "pi_name", "field", "funder", "starts_on", "ends_on", saved_as="Berlin")
    mapping = ColumnMapping.objects.get()

    page = desk.get(reverse("sheets:mappings")).content.decode()
    assert all(word in page for word in ("Berlin", "vorhaben → title_ja", "Proposals"))
    page = desk.post(reverse("sheets:forget_mapping", args=[mapping.pk]), follow=True).content.decode()
    assert "Forgotten: Berlin." in page
    assert "No mapping is saved yet" in page
    assert desk.post(reverse("sheets:forget_mapping", args=[mapping.pk])).status_code == 404


def test_a_mapping_of_a_kind_that_one_may_not_send_is_not_there(desk, client, officer):
    other = ColumnMapping.objects.create(
        kind="nothing", name="X", meaning={"headers": {}}, saved_by=officer, saved_at=NOON
    )

    assert "X</th>" not in desk.get(reverse("sheets:mappings")).content.decode()
    assert desk.post(reverse("sheets:forget_mapping", args=[other.pk])).status_code == 404


def test_columns_are_suggested_by_what_stands_in_them_where_their_names_say_nothing(desk):
    rows = ["1,量子,量子網,青木 花子,00123456,hana@example.org,2024-04-01,R11.3.31,GB-UKRI",
            "2,量子,光格子,佐藤 一郎,10234568,ichi@example.org,2024/4/1,2029-03-31,GB-UKRI"]  # fmt: skip
    page = send(desk, "A1,B2,C3,D4,E5,F6,G7,H8,funder", *rows)

    found = {header: taken for _letter, header, _samples, taken in page.context["columns"]}
    told = {"B2": "field", "E5": "researcher_number", "F6": "email", "G7": "starts_on", "H8": "ends_on"}
    assert {header: taken for header, taken in found.items() if header in told} == told
    assert (found["C3"], found["D4"]) == ("", "")
