-- How Japanese text is put in order and found, in generated columns; aspire/kana.py says the same to pages.

-- The form in which text is compared: width, case, kana script and signs that people leave out make no difference. The
-- table is our own, since what lower() does depends on the server's locale.
CREATE OR REPLACE FUNCTION aspire_search_key(said text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(normalize(said, NFKC),
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶABCDEFGHIJKLMNOPQRSTUVWXYZÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮĲĴĶĹĻĽĿŁŃŅŇŊŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩЁЂЃЄЅІЇЈЉЊЋЌЍЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ ·・•-‐‑‒–—.,''’',
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖabcdefghijklmnopqrstuvwxyzàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĳĵķĺļľŀłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷÿźżžαβγδεζηθικλμνξοπρστυφχψωёђѓєѕіїјљњћќѝўџабвгдежзийклмнопрстуфхцчшщъыьэюя')
$$;

-- The key that puts katakana readings in gojuon order. A prolonged sound counts as the vowel it prolongs, voiced and
-- small kana as the plain ones, so that Australia comes before the Netherlands although its second sign is a
-- prolonged-sound mark.
CREATE OR REPLACE FUNCTION aspire_gojuon_key(reading text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT translate(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(translate(normalize(reading, NFKC),
        'ぁあぃいぅうぇえぉおかがきぎくぐけげこごさざしじすずせぜそぞただちぢっつづてでとどなにぬねのはばぱひびぴふぶぷへべぺほぼぽまみむめもゃやゅゆょよらりるれろゎわゐゑをんゔゕゖ',
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ'),
        '([ァアカガサザタダナハバパマャヤラヮワヵ])ー', '\1ア', 'g'),
        '([ィイキギシジチヂニヒビピミリ])ー', '\1イ', 'g'),
        '([ゥウクグスズッツヅヌフブプムュユルヴ])ー', '\1ウ', 'g'),
        '([ェエケゲセゼテデネヘベペメレヶ])ー', '\1エ', 'g'),
        '([ォオコゴソゾトドノホボポモョヨロヲ])ー', '\1オ', 'g'),
        'ァアィイゥウェエォオカガキギクグケゲコゴサザシジスズセゼソゾタダチヂッツヅテデトドナニヌネノハバパヒビピフブプヘベペホボポマミムメモャヤュユョヨラリルレロヮワヰヱヲンヴヵヶ ·・•-‐‑‒–—.,''’',
        'アアイイウウエエオオカカキキククケケココササシシススセセソソタタチチツツツテテトトナニヌネノハハハヒヒヒフフフヘヘヘホホホマミムメモヤヤユユヨヨラリルレロワワヰヱヲンウカケ')
$$;
