"""Files of tickets on their way in, by command or by upload, of any length.

`detecting` finds out how a file is to be read, `layout` where in a row its values stand, `reading` makes tickets of the rows, `staging`
keeps them step by step, and `running` merges them at once. `uploading` and `preview` serve the pages. What a cell means is a format's
(`accounts.sources`), storing tickets is `accounts.ingest`.
"""
