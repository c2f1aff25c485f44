-- The same words and references as before, in half the time: what a text does not have is no longer looked for, and what
-- array_to_tsvector sorts out by itself is not sorted out before. Two documents a message are sorted in this way.

CREATE OR REPLACE FUNCTION search_references(given text, folded text, words text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := '{}';
    word text;
    before text := '';
    run text := '';
    led text := '';
BEGIN
    IF strpos(folded, '@') > 0 THEN
        found := ARRAY(SELECT regexp_replace(m[1], '[^a-z0-9]', '', 'g')
            FROM regexp_matches(left(folded, 8000), '([a-z0-9._%+-]+@[a-z0-9.-]+[a-z0-9])', 'g') m LIMIT 20);
    END IF;
    IF given ~ '[A-Z]{6}' THEN
        found := found
            || ARRAY(SELECT lower(m[1]) FROM regexp_matches(left(given, 8000), '\m([A-Z]{6})\M', 'g') m LIMIT 10);
    END IF;
    IF folded ~ '[0-9]' THEN
        FOREACH word IN ARRAY words[1:1000] || ''::text LOOP
            IF word ~ '[0-9]' THEN
                IF run = '' THEN
                    led := CASE WHEN length(before) <= 5 AND before ~ '^[a-z]+$' THEN before ELSE '' END;
                    found := found || word || (led || word);
                ELSE
                    found := found || word;
                END IF;
                run := run || word;
                found := found || CASE WHEN word ~ '^[a-z]{1,3}[0-9]{4,}$' THEN ltrim(word, 'abcdefghijklmnopqrstuvwxyz') END;
            ELSE
                IF run <> '' THEN
                    found := found || run || (led || run)
                        || CASE WHEN run ~ '^[0-9]{10,15}$' THEN right(run, 9) END;
                END IF;
                run := '';
            END IF;
            before := word;
            EXIT WHEN cardinality(found) > 120;
        END LOOP;
    END IF;
    RETURN CASE WHEN found = '{}' THEN found ELSE ARRAY(SELECT DISTINCT translate(f, 'oil', '011') FROM unnest(found) f WHERE length(f) BETWEEN 4 AND 40 LIMIT 60) END;
END $$;

CREATE OR REPLACE FUNCTION search_lexemes(kind text, given text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded text := search_folded(given);
    words text[] := search_words(folded);
    refs text[] := search_references(given, folded, words);
    lexemes text[] := words;
BEGIN
    IF kind = 'contact' OR folded ~ '[^\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]{51}' THEN
        lexemes := ARRAY(SELECT CASE kind WHEN 'contact' THEN '@' ELSE '' END || left(w, 50) FROM unnest(words) w);
    END IF;
    IF kind IN ('contact', 'case') THEN
        lexemes := lexemes || ('#' || kind);
    END IF;
    IF refs <> '{}' THEN
        lexemes := lexemes || ARRAY(
            SELECT '=' || r FROM unnest(refs) r
            UNION ALL SELECT '~' || left(r, i - 1) || substr(r, i + 1)
                FROM unnest(refs) r, generate_series(1, length(r)) i WHERE length(r) >= 5);
    END IF;
    RETURN array_to_tsvector(lexemes);
END $$;
