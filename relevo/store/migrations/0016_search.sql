-- What agents find: one folded document for each message, note, contact and case, made from the timelines by whoever
-- searches and by a background part of the web process, and erased with what it is of. Why so: docs/decisions/0018-search.md.

CREATE TABLE search_documents (
    workspace_id integer NOT NULL DEFAULT 1,
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind IN ('message', 'note', 'contact', 'case')),
    conversation_id uuid,
    position bigint,
    contact_id uuid,
    case_id text,
    words tsvector NOT NULL,
    written_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, id),
    CHECK ((conversation_id IS NULL) = (position IS NULL)),
    CHECK (num_nonnulls(conversation_id, contact_id, case_id) = 1),
    FOREIGN KEY (workspace_id, conversation_id, position) REFERENCES entries ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, contact_id) REFERENCES contacts ON DELETE CASCADE,
    FOREIGN KEY (workspace_id, case_id) REFERENCES cases ON DELETE CASCADE
);
COMMENT ON COLUMN search_documents.words IS
    'Folded words, of contacts behind “@”; “=” and a reference; “~” and one without one of its characters; “#” and a kind.';

-- How much of a conversation is in the index, and up to which change all conversations were looked at.
CREATE TABLE search_places (
    workspace_id integer NOT NULL DEFAULT 1,
    conversation_id uuid NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (workspace_id, conversation_id),
    FOREIGN KEY (workspace_id, conversation_id) REFERENCES conversations ON DELETE CASCADE
);
CREATE TABLE search_progress (
    workspace_id integer NOT NULL DEFAULT 1,
    seen_until timestamptz NOT NULL,
    PRIMARY KEY (workspace_id)
);

-- Without case and accents. Python does the same in domain/search.py; a test holds them together.
CREATE FUNCTION search_folded(given text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT CASE WHEN octet_length(given) = length(given) THEN lower(given) ELSE
    regexp_replace(translate(lower(normalize(given, NFKD)), 'øłđð', 'oldd'), '[\u0300-\u036f]', '', 'g') END
$$;

CREATE FUNCTION search_words(folded text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
SELECT array_remove(regexp_split_to_array(folded,
    '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+'), '')
$$;

-- Words with digits: each alone, a row of them as one (phones, numbers in groups), and either behind a short word (AO
-- 50017); the number without its letters; the last nine digits of a long one; addresses of mail; codes in capitals.
CREATE FUNCTION search_references(given text, folded text, words text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    found text[] := ARRAY(SELECT regexp_replace(m[1], '[^a-z0-9]', '', 'g')
        FROM regexp_matches(left(folded, 8000), '([a-z0-9._%+-]+@[a-z0-9.-]+[a-z0-9])', 'g') m LIMIT 20)
        || ARRAY(SELECT lower(m[1]) FROM regexp_matches(left(given, 8000), '\m([A-Z]{6})\M', 'g') m LIMIT 10);
    word text;
    before text := '';
    run text := '';
    led text := '';
BEGIN
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
    RETURN ARRAY(SELECT DISTINCT translate(f, 'oil', '011') FROM unnest(found) f WHERE length(f) BETWEEN 4 AND 40 LIMIT 60);
END $$;

CREATE FUNCTION search_lexemes(kind text, given text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded text := search_folded(given);
    words text[] := search_words(folded);
    refs text[] := search_references(given, folded, words);
BEGIN
    RETURN array_to_tsvector(ARRAY(
        SELECT '#' || kind WHERE kind IN ('contact', 'case')
        UNION SELECT CASE kind WHEN 'contact' THEN '@' ELSE '' END || left(w, 50) FROM unnest(words) w
        UNION SELECT '=' || r FROM unnest(refs) r
        UNION SELECT '~' || left(r, i - 1) || substr(r, i + 1)
            FROM unnest(refs) r, generate_series(1, length(r)) i WHERE length(r) >= 5));
END $$;

CREATE FUNCTION search_text(content jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT concat_ws(E'\n', content ->> 'subject', content ->> 'text')
$$;

CREATE FUNCTION search_text(one contacts) RETURNS text LANGUAGE sql STABLE AS $$
SELECT concat_ws(' · ', one.display_name, one.business_ref, (
    SELECT string_agg(DISTINCT fact, ' · ') FROM identities i,
        LATERAL (SELECT i.address UNION SELECT value FROM jsonb_each_text(i.verified_facts)) facts (fact)
    WHERE i.workspace_id = one.workspace_id AND i.contact_id = one.id))
$$;

CREATE FUNCTION search_text(one cases) RETURNS text LANGUAGE sql STABLE AS $$
SELECT concat_ws(' · ', one.id, one.reference, one.goal)
$$;
CREATE INDEX identities_of_contact ON identities (workspace_id, contact_id);

-- What was written before; messages last, because common words are looked for in the newest documents.
INSERT INTO search_documents (workspace_id, kind, contact_id, words, written_at)
    SELECT workspace_id, 'contact', id, search_lexemes('contact', search_text(k)), created_at
    FROM contacts k ORDER BY created_at;
INSERT INTO search_documents (workspace_id, kind, case_id, words, written_at)
    SELECT workspace_id, 'case', id, search_lexemes('case', search_text(s)), opened_at FROM cases s ORDER BY opened_at;
INSERT INTO search_documents (workspace_id, kind, conversation_id, position, words, written_at)
    SELECT workspace_id, kind, conversation_id, position, search_lexemes(kind, search_text(content)), created_at
    FROM entries WHERE kind IN ('message', 'note') ORDER BY created_at, conversation_id, position;

INSERT INTO search_places (workspace_id, conversation_id, position)
    SELECT workspace_id, id, last_position FROM conversations;
INSERT INTO search_progress (seen_until) VALUES (now());

-- A short list of what is not sorted in yet: every search reads it.
CREATE INDEX search_by_words ON search_documents USING gin (words) WITH (gin_pending_list_limit = 512);
CREATE UNIQUE INDEX search_of_entry ON search_documents (workspace_id, conversation_id, position)
    WHERE conversation_id IS NOT NULL;
CREATE UNIQUE INDEX search_of_contact ON search_documents (workspace_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE UNIQUE INDEX search_of_case ON search_documents (workspace_id, case_id) WHERE case_id IS NOT NULL;
